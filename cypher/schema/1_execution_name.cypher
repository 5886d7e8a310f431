// schema/1_execution_name: execution names are unique in their type
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_execution_name IF NOT EXISTS FOR (n:Execution) REQUIRE (n.type_id, n.name) IS UNIQUE
