// schema/4_execution_names_repeat: a name is that of a series, so execution names are unique no longer
// parameters: none
// columns: none
// schema
DROP CONSTRAINT lineage_execution_name IF EXISTS
