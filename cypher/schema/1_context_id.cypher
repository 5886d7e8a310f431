// schema/1_context_id: context ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_context_id IF NOT EXISTS FOR (n:Context) REQUIRE n.id IS UNIQUE
