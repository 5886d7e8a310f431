// schema/1_note_key: Note nodes are unique by key
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_note_key IF NOT EXISTS FOR (n:Note) REQUIRE n.key IS UNIQUE
