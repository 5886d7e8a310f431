// schema/1_type_name: types are unique by kind, name and version
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_type_name IF NOT EXISTS FOR (t:Type) REQUIRE (t.kind, t.name, t.version_key) IS UNIQUE
