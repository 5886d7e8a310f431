// read/executions_by_external_id: the execution with this external id
// parameters: external_id: string
// columns: node: map of properties
// read
MATCH (n:Execution {external_id: $external_id})
RETURN properties(n) AS node
