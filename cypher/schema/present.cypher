// schema/present: the schema that the database has
// parameters: none
// columns: schema: int
// read
MATCH (s:LineageStore) RETURN max(s.schema) AS schema
