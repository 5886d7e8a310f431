// schema/2_mark_label_name: MarkLabel nodes are unique by name
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_mark_label_name IF NOT EXISTS FOR (n:MarkLabel) REQUIRE n.name IS UNIQUE
