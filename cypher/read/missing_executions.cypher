// read/missing_executions: those of these ids that no execution has
// parameters: ids: list of int
// columns: id: int
// read
UNWIND $ids AS id
OPTIONAL MATCH (n:Execution {id: id})
WITH id, n
WHERE n IS NULL
RETURN id
LIMIT 1
