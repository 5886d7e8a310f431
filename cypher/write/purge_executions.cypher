// write/purge_executions: takes executions out of the graph, with their marks and all that ties them to others
// parameters: ids: list of int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Execution {id: id})
OPTIONAL MATCH (m:Mark)-[:ON]->(n)
DETACH DELETE m, n
