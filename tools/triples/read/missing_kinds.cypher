// read/missing_<kinds>: those of these ids that no <kind> has
// parameters: ids: list of int
// columns: id: int
// read
UNWIND $ids AS id
OPTIONAL MATCH (n:<Kind> {id: id})
WITH id, n
WHERE n IS NULL
RETURN id
LIMIT 1
