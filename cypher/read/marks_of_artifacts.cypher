// read/marks_of_artifacts: the marks on these artifacts, by id
// parameters: ids: list of int
// columns: mark: map of properties
// read
UNWIND $ids AS id
MATCH (:Artifact {id: id})<-[:ON]-(m:Mark)
RETURN DISTINCT properties(m) AS mark
ORDER BY mark.id
