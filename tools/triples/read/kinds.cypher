// read/<kinds>: the <kinds> with these ids
// parameters: ids: list of int
// columns: node: map of properties
// read
UNWIND $ids AS id
MATCH (n:<Kind> {id: id})
RETURN properties(n) AS node
