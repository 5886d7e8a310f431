// read/scan_events: events in order, after a place
// parameters: execution_id, artifact_id: int, type, path: string, limit: int
// columns: artifact_id: int, execution_id: int, type: string, path: string, time: int, recorded: int
// read
MATCH (x:Execution)
WHERE x.id >= $execution_id
MATCH (x)-[event:INPUT|OUTPUT|PENDING_OUTPUT|UNKNOWN_EVENT]-()
WITH x.id AS execution_id, event.artifact_id AS artifact_id, event.type AS type,
     event.path AS path, event
WHERE execution_id > $execution_id
   OR artifact_id > $artifact_id
   OR (artifact_id = $artifact_id AND (type > $type OR (type = $type AND path > $path)))
RETURN artifact_id, execution_id, type, path, event.time AS time, event.recorded AS recorded
ORDER BY execution_id, artifact_id, type, path
LIMIT $limit
