// read/marks_of_executions: the marks on these executions, by id
// parameters: ids: list of int
// columns: mark: map of properties
// read
UNWIND $ids AS id
MATCH (:Execution {id: id})<-[:ON]-(m:Mark)
RETURN DISTINCT properties(m) AS mark
ORDER BY mark.id
