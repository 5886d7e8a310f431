// schema/1_artifact_by_name: artifacts are found by name
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_name IF NOT EXISTS FOR (n:Artifact) ON (n.name)
