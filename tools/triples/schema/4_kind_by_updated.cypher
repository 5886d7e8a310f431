// schema/4_<kind>_by_updated: <kinds> are found in the order of their last change
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_<kind>_by_updated IF NOT EXISTS FOR (n:<Kind>) ON (n.updated)
