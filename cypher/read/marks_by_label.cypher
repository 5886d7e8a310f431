// read/marks_by_label: the marks with one of these labels, by id
// parameters: labels: list of string
// columns: mark: map of properties
// read
UNWIND $labels AS label
MATCH (:MarkLabel {name: label})-[:MARKED|CLEARED]->(m:Mark)
RETURN DISTINCT properties(m) AS mark
ORDER BY mark.id
