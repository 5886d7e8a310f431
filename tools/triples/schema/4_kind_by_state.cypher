kinds: artifacts, executions
// schema/4_<kind>_by_state: <kinds> in a state are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_<kind>_by_state IF NOT EXISTS FOR (n:<Kind>) ON (n.state, n.id)
