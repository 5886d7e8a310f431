// write/purge_executions: takes executions out of the graph, with all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Execution {id: id})
DETACH DELETE n
