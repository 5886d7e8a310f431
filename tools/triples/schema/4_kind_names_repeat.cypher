kinds: artifacts, executions
// schema/4_<kind>_names_repeat: a name is that of a series, so <kind> names are unique no longer
// parameters: none
// columns: none
// schema
DROP CONSTRAINT lineage_<kind>_name IF EXISTS
