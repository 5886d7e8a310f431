// read/note: a note
// parameters: key: string
// columns: value: string
// read
MATCH (n:Note {key: $key}) RETURN n.value AS value
