// schema/1_execution_external_id: execution external ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_execution_external_id IF NOT EXISTS FOR (n:Execution) REQUIRE n.external_id IS UNIQUE
