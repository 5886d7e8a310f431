// schema/4_context_by_type: contexts of a type are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_context_by_type IF NOT EXISTS FOR (n:Context) ON (n.type_id, n.id)
