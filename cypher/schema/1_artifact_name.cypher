// schema/1_artifact_name: artifact names are unique in their type
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_artifact_name IF NOT EXISTS FOR (n:Artifact) REQUIRE (n.type_id, n.name) IS UNIQUE
