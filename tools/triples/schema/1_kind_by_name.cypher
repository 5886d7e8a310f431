// schema/1_<kind>_by_name: <kinds> are found by name
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_<kind>_by_name IF NOT EXISTS FOR (n:<Kind>) ON (n.name)
