// schema/4_artifact_versions: artifacts that were recorded before there were versions are version 1
// parameters: none
// columns: none
// write
MATCH (n:Artifact)
WHERE n.version IS NULL
SET n.version = 1
