// write/purge_artifacts: takes artifacts out of the graph, with their marks and all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Artifact {id: id})
OPTIONAL MATCH (m:Mark)-[:ON]->(n)
DETACH DELETE m, n
