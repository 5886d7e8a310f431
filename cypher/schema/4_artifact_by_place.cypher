// schema/4_artifact_by_place: artifacts are found by the one spelling of their uri
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_place IF NOT EXISTS FOR (n:Artifact) ON (n._place)
