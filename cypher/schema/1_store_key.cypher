// schema/1_store_key: LineageStore nodes are unique by key
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_store_key IF NOT EXISTS FOR (n:LineageStore) REQUIRE n.key IS UNIQUE
