// read/nodes_by_element_id: the nodes with these element ids, of whatever kind
// parameters: ids: list of string
// columns: node: node
// read
UNWIND $ids AS id
MATCH (n)
WHERE elementId(n) = id
RETURN n AS node
