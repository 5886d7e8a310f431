// read/artifacts: the artifacts with these ids
// parameters: ids: list of int
// columns: node: map of properties
// read
UNWIND $ids AS id
MATCH (n:Artifact {id: id})
RETURN properties(n) AS node
