// schema/4_execution_versions: executions that were recorded before there were versions are version 1
// parameters: none
// columns: none
// write
MATCH (n:Execution)
WHERE n.version IS NULL
SET n.version = 1
