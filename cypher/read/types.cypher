// read/types: all types, by id
// parameters: none
// columns: type: map of properties
// read
MATCH (t:Type) RETURN properties(t) AS type ORDER BY t.id
