// read/consumers_of_artifacts: the executions one data-carrying event downstream of these artifacts
// parameters: ids: list of int, as_of: int (only events recorded by then)
// columns: id: int, ids: list of int
// read
UNWIND $ids AS id
MATCH (:Artifact {id: id})-[event:INPUT]->()
WHERE event.recorded <= $as_of
RETURN id, collect(DISTINCT event.execution_id) AS ids
