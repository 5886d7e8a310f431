// schema/1_context_by_name: contexts are found by name
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_context_by_name IF NOT EXISTS FOR (n:Context) ON (n.name)
