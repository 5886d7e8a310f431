kinds: artifacts, executions
// read/marks_of_<kinds>: the marks on these <kinds>, by id
// parameters: ids: list of int
// columns: mark: map of properties
// read
UNWIND $ids AS id
MATCH (:<Kind> {id: id})<-[:ON]-(m:Mark)
RETURN DISTINCT properties(m) AS mark
ORDER BY mark.id
