kinds: artifacts, executions
// read/contexts_of_<kinds>: the contexts that these <kinds> are in
// parameters: ids: list of int
// columns: node_id: int, context_id: int
// read
UNWIND $ids AS id
MATCH (n:<Kind> {id: id})-[:IN_CONTEXT]->(c:Context)
RETURN n.id AS node_id, c.id AS context_id
ORDER BY node_id, context_id
