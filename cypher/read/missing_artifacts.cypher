// read/missing_artifacts: those of these ids that no artifact has
// parameters: ids: list of int
// columns: id: int
// read
UNWIND $ids AS id
OPTIONAL MATCH (n:Artifact {id: id})
WITH id, n
WHERE n IS NULL
RETURN id
LIMIT 1
