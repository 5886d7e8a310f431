// write/rewrite_<kinds>: changes properties of stored <kinds>; those that do not change are not touched, so that their indexes are not locked
// parameters: rows: list of {id: int, cleared: map from key to null, properties: map}
// columns: none
// write
UNWIND $rows AS row
MATCH (n:<Kind> {id: row.id})
// Cleared first: setting -0.0 over 0.0 would be passed over, as the two are equal.
SET n += row.cleared
SET n += row.properties
