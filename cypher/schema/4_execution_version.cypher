// schema/4_execution_version: execution versions are unique in their series
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_execution_version IF NOT EXISTS FOR (n:Execution) REQUIRE (n.type_id, n.name, n.version) IS UNIQUE
