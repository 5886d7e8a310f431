// read/artifacts_by_external_id: the artifact with this external id
// parameters: external_id: string
// columns: node: map of properties
// read
MATCH (n:Artifact {external_id: $external_id})
RETURN properties(n) AS node
