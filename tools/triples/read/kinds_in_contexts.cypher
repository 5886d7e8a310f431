kinds: artifacts, executions
// read/<kinds>_in_contexts: the <kinds> that are in these contexts
// parameters: ids: list of int
// columns: context_id: int, node_id: int
// read
UNWIND $ids AS id
MATCH (c:Context {id: id})<-[:IN_CONTEXT]-(n:<Kind>)
RETURN c.id AS context_id, n.id AS node_id
ORDER BY context_id, node_id
