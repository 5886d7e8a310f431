// read/contexts_of_executions: the contexts that these executions are in
// parameters: ids: list of int
// columns: node_id: int, context_id: int
// read
UNWIND $ids AS id
MATCH (n:Execution {id: id})-[:IN_CONTEXT]->(c:Context)
RETURN n.id AS node_id, c.id AS context_id
ORDER BY node_id, context_id
