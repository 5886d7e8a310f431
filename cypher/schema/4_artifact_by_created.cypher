// schema/4_artifact_by_created: artifacts are found in the order of their creation
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_created IF NOT EXISTS FOR (n:Artifact) ON (n.created)
