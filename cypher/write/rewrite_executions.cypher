// write/rewrite_executions: gives stored executions new properties in place of all they had
// parameters: rows: list of {id: int, properties: map}
// columns: none
// write
UNWIND $rows AS row
MATCH (n:Execution {id: row.id})
SET n = row.properties
