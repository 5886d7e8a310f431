// write/set_metadata: keeps a text under a key
// parameters: key: string, value: string
// columns: none
// write
MERGE (n:Note {key: $key}) SET n.value = $value
