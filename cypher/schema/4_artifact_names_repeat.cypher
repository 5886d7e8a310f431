// schema/4_artifact_names_repeat: a name is that of a series, so artifact names are unique no longer
// parameters: none
// columns: none
// schema
DROP CONSTRAINT lineage_artifact_name IF EXISTS
