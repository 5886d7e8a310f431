// write/rewrite_executions: gives stored executions new properties in place of all they had
// parameters: rows: list of {id: int, properties: map}
// columns: none
// write
UNWIND $rows AS row
MATCH (n:Execution {id: row.id})
// Emptied first: setting -0.0 over 0.0 would be passed over, as the two are equal.
SET n = {id: row.id}
SET n = row.properties
