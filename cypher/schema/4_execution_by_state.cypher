// schema/4_execution_by_state: executions in a state are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_execution_by_state IF NOT EXISTS FOR (n:Execution) ON (n.state, n.id)
