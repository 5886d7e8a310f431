kinds: artifacts, executions
// read/events_of_<kinds>: the events of these <kinds>
// parameters: ids: list of int
// columns: artifact_id: int, execution_id: int, type: string, path: string, time: int, recorded: int
// read
UNWIND $ids AS id
MATCH (:<Kind> {id: id})-[event:INPUT|OUTPUT|PENDING_OUTPUT|UNKNOWN_EVENT]-()
RETURN event.artifact_id AS artifact_id, event.execution_id AS execution_id,
       event.type AS type, event.path AS path, event.time AS time,
       event.recorded AS recorded
