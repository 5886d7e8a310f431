// write/create_artifacts: makes artifacts
// parameters: rows: list of {label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
CREATE (n:Artifact)
SET n = row.properties, n:$(row.label)
