// schema/1_execution_by_name: executions are found by name
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_execution_by_name IF NOT EXISTS FOR (n:Execution) ON (n.name)
