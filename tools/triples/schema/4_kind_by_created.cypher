// schema/4_<kind>_by_created: <kinds> are found in the order of their creation
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_<kind>_by_created IF NOT EXISTS FOR (n:<Kind>) ON (n.created)
