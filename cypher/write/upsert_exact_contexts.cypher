// write/upsert_exact_contexts: makes contexts, or rewrites them, exactly as given
// parameters: rows: list of {id: int, label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
MERGE (n:Context {id: row.id})
REMOVE n:$([label IN labels(n) WHERE label <> 'Context'])
SET n = row.properties, n:$(row.label)
