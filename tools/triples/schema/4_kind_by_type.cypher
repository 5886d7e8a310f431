// schema/4_<kind>_by_type: <kinds> of a type are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_<kind>_by_type IF NOT EXISTS FOR (n:<Kind>) ON (n.type_id, n.id)
