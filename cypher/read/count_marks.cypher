// read/count_marks: how many marks with a label taint, lifted ones too
// parameters: label: string
// columns: marks: int
// read
MATCH (:MarkLabel {name: $label})-[:MARKED]->(m:Mark)
RETURN count(m) AS marks
