// schema/1_context_name: context names are unique in their type
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_context_name IF NOT EXISTS FOR (n:Context) REQUIRE (n.type_id, n.name) IS UNIQUE
