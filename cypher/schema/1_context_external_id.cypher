// schema/1_context_external_id: context external ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_context_external_id IF NOT EXISTS FOR (n:Context) REQUIRE n.external_id IS UNIQUE
