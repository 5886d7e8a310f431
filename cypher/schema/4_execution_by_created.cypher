// schema/4_execution_by_created: executions are found in the order of their creation
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_execution_by_created IF NOT EXISTS FOR (n:Execution) ON (n.created)
