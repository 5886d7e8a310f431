// schema/1_type_id: Type nodes are unique by id
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_type_id IF NOT EXISTS FOR (n:Type) REQUIRE n.id IS UNIQUE
