// read/<kinds>_by_keys: the <kinds> with these external ids, and those of these types and names
// parameters: external_ids: list of string, names: list of {type_id: int, name: string}
// columns: node: map of properties
// read
UNWIND $external_ids AS external_id
MATCH (n:<Kind> {external_id: external_id})
RETURN properties(n) AS node
UNION ALL
UNWIND $names AS key
MATCH (n:<Kind> {type_id: key.type_id, name: key.name})
RETURN properties(n) AS node
