// write/upsert_exact_<kinds>: makes <kinds>, or rewrites them, exactly as given
// parameters: rows: list of {id: int, label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
MERGE (n:<Kind> {id: row.id})
REMOVE n:$([label IN labels(n) WHERE label <> '<Kind>'])
SET n = row.properties, n:$(row.label)
