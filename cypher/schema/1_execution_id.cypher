// schema/1_execution_id: execution ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_execution_id IF NOT EXISTS FOR (n:Execution) REQUIRE n.id IS UNIQUE
