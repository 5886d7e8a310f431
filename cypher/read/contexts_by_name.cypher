// read/contexts_by_name: the contexts of these types and this name
// parameters: type_ids: list of int, name: string
// columns: node: map of properties
// read
UNWIND $type_ids AS type_id
MATCH (n:Context {type_id: type_id, name: $name})
RETURN properties(n) AS node
