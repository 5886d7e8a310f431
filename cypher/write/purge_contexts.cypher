// write/purge_contexts: takes contexts out of the graph, with all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Context {id: id})
DETACH DELETE n
