// write/drop_metadata: removes what is kept under a key
// parameters: key: string
// columns: none
// write
MATCH (n:Note {key: $key}) DELETE n
