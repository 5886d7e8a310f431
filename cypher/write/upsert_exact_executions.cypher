// write/upsert_exact_executions: makes executions, or rewrites them, exactly as given
// parameters: rows: list of {id: int, label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
MERGE (n:Execution {id: row.id})
REMOVE n:$([label IN labels(n) WHERE label <> 'Execution'])
SET n = row.properties, n:$(row.label)
