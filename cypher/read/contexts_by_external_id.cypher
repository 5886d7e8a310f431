// read/contexts_by_external_id: the context with this external id
// parameters: external_id: string
// columns: node: map of properties
// read
MATCH (n:Context {external_id: $external_id})
RETURN properties(n) AS node
