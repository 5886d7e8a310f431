// schema/4_artifact_version: artifact versions are unique in their series
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_artifact_version IF NOT EXISTS FOR (n:Artifact) REQUIRE (n.type_id, n.name, n.version) IS UNIQUE
