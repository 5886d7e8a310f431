<artifacts, executions> // write/purge_<kinds>: takes <kinds> out of the graph, with their marks and all that ties them to others
<contexts> // write/purge_contexts: takes contexts out of the graph, with all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:<Kind> {id: id})
<artifacts, executions> OPTIONAL MATCH (m:Mark)-[:ON]->(n)
<artifacts, executions> DETACH DELETE m, n
<contexts> DETACH DELETE n
