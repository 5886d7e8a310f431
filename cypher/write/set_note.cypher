// write/set_note: keeps a note
// parameters: key: string, value: string
// columns: none
// write
MERGE (n:Note {key: $key}) SET n.value = $value
