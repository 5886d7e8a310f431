// schema/4_artifact_by_digest: artifacts are found by digest
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_digest IF NOT EXISTS FOR (n:Artifact) ON (n.digest)
