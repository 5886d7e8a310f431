// schema/4_execution_by_type: executions of a type are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_execution_by_type IF NOT EXISTS FOR (n:Execution) ON (n.type_id, n.id)
