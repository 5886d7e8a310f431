// schema/1_artifact_external_id: artifact external ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_artifact_external_id IF NOT EXISTS FOR (n:Artifact) REQUIRE n.external_id IS UNIQUE
