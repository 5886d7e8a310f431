// schema/4_artifact_by_updated: artifacts are found in the order of their last change
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_updated IF NOT EXISTS FOR (n:Artifact) ON (n.updated)
