// schema/2_mark_id: mark ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_mark_id IF NOT EXISTS FOR (n:Mark) REQUIRE n.id IS UNIQUE
