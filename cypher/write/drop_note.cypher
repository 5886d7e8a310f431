// write/drop_note: removes a note
// parameters: key: string
// columns: none
// write
MATCH (n:Note {key: $key}) DELETE n
