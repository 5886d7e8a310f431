// write/upsert_exact_artifacts: makes artifacts, or rewrites them, exactly as given
// parameters: rows: list of {id: int, label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
MERGE (n:Artifact {id: row.id})
REMOVE n:$([label IN labels(n) WHERE label <> 'Artifact'])
SET n = row.properties, n:$(row.label)
