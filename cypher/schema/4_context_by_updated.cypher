// schema/4_context_by_updated: contexts are found in the order of their last change
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_context_by_updated IF NOT EXISTS FOR (n:Context) ON (n.updated)
