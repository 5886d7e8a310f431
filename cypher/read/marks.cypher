// read/marks: all marks, by id
// parameters: none
// columns: mark: map of properties
// read
MATCH (m:Mark) RETURN properties(m) AS mark ORDER BY m.id
