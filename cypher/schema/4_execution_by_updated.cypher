// schema/4_execution_by_updated: executions are found in the order of their last change
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_execution_by_updated IF NOT EXISTS FOR (n:Execution) ON (n.updated)
