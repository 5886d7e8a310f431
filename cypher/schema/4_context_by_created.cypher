// schema/4_context_by_created: contexts are found in the order of their creation
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_context_by_created IF NOT EXISTS FOR (n:Context) ON (n.created)
