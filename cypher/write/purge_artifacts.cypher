// write/purge_artifacts: takes artifacts out of the graph, with all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Artifact {id: id})
DETACH DELETE n
