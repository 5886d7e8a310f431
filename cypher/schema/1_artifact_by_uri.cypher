// schema/1_artifact_by_uri: artifacts are found by uri
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_uri IF NOT EXISTS FOR (n:Artifact) ON (n.uri)
