// read/missing_contexts: those of these ids that no context has
// parameters: ids: list of int
// columns: id: int
// read
UNWIND $ids AS id
OPTIONAL MATCH (n:Context {id: id})
WITH id, n
WHERE n IS NULL
RETURN id
LIMIT 1
