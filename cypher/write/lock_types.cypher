// write/lock_types: no other transaction changes types or policies until this one ends
// parameters: none
// columns: none
// write
MATCH (s:LineageStore)
SET s._lock = true
REMOVE s._lock
