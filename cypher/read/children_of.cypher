// read/children_of: the children of these contexts
// parameters: ids: list of int
// columns: child_id: int, parent_id: int
// read
UNWIND $ids AS id
MATCH (child:Context)-[:CHILD_OF]->(parent:Context {id: id})
RETURN child.id AS child_id, parent.id AS parent_id
ORDER BY child_id, parent_id
