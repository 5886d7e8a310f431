kinds: artifacts, executions
// write/put_marks_on_<kinds>: makes marks on <kinds>, or writes over those with the same ids; from the label on, all arrows point the way of the data
// parameters: rows: list of {label: string, relationship: string, id, node_id, recorded: int, properties: map}
// columns: found: int
// write
UNWIND $rows AS row
MATCH (n:<Kind> {id: row.node_id})
MERGE (l:MarkLabel {name: row.label})
MERGE (m:Mark {id: row.id})
SET m = row.properties
MERGE (l)-[marked:$(row.relationship)]->(m)
SET marked.recorded = row.recorded
MERGE (m)-[on:ON]->(n)
SET on.recorded = row.recorded
RETURN count(*) AS found
