// read/metadata: what the store keeps under a key
// parameters: key: string
// columns: value: string
// read
MATCH (n:Note {key: $key}) RETURN n.value AS value
