// read/<kinds>_by_name: the <kinds> of these types and this name
// parameters: type_ids: list of int, name: string
// columns: node: map of properties
// read
UNWIND $type_ids AS type_id
MATCH (n:<Kind> {type_id: type_id, name: $name})
RETURN properties(n) AS node
