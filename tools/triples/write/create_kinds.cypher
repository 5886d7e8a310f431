// write/create_<kinds>: makes <kinds>
// parameters: rows: list of {label: string, properties: map}
// columns: none
// write
UNWIND $rows AS row
CREATE (n:<Kind>)
SET n = row.properties, n:$(row.label)
