// read/executions_of_types: those of these executions that are of these types, and in these states
// parameters: ids, types: list of int, states: list of string
// columns: ids: list of int
// read
UNWIND $ids AS id
MATCH (x:Execution {id: id})
WHERE x.type_id IN $types AND coalesce(x.state, 'UNKNOWN') IN $states
RETURN collect(x.id) AS ids
