// write/put_type: makes a type, or gives it new properties
// parameters: id: int, properties: map, base: string or null
// columns: none
// write
MERGE (t:Type {id: $id})
SET t = $properties
WITH t
WHERE $base IS NOT NULL
MERGE (b:BaseType {name: $base})
MERGE (t)-[:EXTENDS]->(b)
