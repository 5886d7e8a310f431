// schema/4_artifact_series: versions of what has a uri and no name are unique in their series
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_artifact_series IF NOT EXISTS FOR (n:Artifact) REQUIRE (n.type_id, n._series, n.version) IS UNIQUE
