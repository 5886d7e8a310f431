// schema/1_artifact_id: artifact ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_artifact_id IF NOT EXISTS FOR (n:Artifact) REQUIRE n.id IS UNIQUE
