// schema/1_id_block_kind: IdBlock nodes are unique by kind
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_id_block_kind IF NOT EXISTS FOR (n:IdBlock) REQUIRE n.kind IS UNIQUE
