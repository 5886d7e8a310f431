// read/contexts_of_artifacts: the contexts that these artifacts are in
// parameters: ids: list of int
// columns: node_id: int, context_id: int
// read
UNWIND $ids AS id
MATCH (n:Artifact {id: id})-[:IN_CONTEXT]->(c:Context)
RETURN n.id AS node_id, c.id AS context_id
ORDER BY node_id, context_id
