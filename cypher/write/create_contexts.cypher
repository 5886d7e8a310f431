// write/create_contexts: makes contexts
// parameters: rows: list of {label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
CREATE (n:Context)
SET n = row.properties, n:$(row.label)
