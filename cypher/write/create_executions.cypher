// write/create_executions: makes executions
// parameters: rows: list of {label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
CREATE (n:Execution)
SET n = row.properties, n:$(row.label)
