// read/inputs_of_executions: the artifacts one data-carrying event upstream of these executions
// parameters: ids: list of int, as_of: int (only events recorded by then)
// columns: id: int, ids: list of int
// read
UNWIND $ids AS id
MATCH (:Execution {id: id})<-[event:INPUT]-()
WHERE event.recorded <= $as_of
RETURN id, collect(DISTINCT event.artifact_id) AS ids
