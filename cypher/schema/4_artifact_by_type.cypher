// schema/4_artifact_by_type: artifacts of a type are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_type IF NOT EXISTS FOR (n:Artifact) ON (n.type_id, n.id)
