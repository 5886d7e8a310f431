// schema/set: says which schema the database has
// parameters: schema: int
// columns: none
// write
MERGE (s:LineageStore {key: 'lineage'}) SET s.schema = $schema
