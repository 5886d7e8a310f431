// write/lock_<kinds>: locks <kinds> until the transaction ends, so that what is read stays so
// parameters: ids: list of int
// columns: node: map of properties
// write
UNWIND $ids AS id
MATCH (n:<Kind> {id: id})
SET n._lock = true
REMOVE n._lock
RETURN properties(n) AS node
