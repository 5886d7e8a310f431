// read/metadata_under: what the store keeps under the keys that begin so
// parameters: prefix: string
// columns: key, value: string
// read
MATCH (n:Note)
WHERE n.key STARTS WITH $prefix
RETURN n.key AS key, n.value AS value
ORDER BY key
