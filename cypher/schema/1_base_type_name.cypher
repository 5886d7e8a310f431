// schema/1_base_type_name: BaseType nodes are unique by name
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_base_type_name IF NOT EXISTS FOR (n:BaseType) REQUIRE n.name IS UNIQUE
