// write/rewrite_contexts: gives stored contexts new properties in place of all they had
// parameters: rows: list of {id: int, properties: map}
// columns: none
// write
UNWIND $rows AS row
MATCH (n:Context {id: row.id})
SET n = row.properties
