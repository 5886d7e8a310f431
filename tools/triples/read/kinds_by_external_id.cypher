// read/<kinds>_by_external_id: the <kind> with this external id
// parameters: external_id: string
// columns: node: map of properties
// read
MATCH (n:<Kind> {external_id: $external_id})
RETURN properties(n) AS node
