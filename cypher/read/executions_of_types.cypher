// read/executions_of_types: those of these executions that are of these types
// parameters: ids, types: list of int
// columns: ids: list of int
// read
UNWIND $ids AS id
MATCH (x:Execution {id: id})
WHERE x.type_id IN $types
RETURN collect(x.id) AS ids
