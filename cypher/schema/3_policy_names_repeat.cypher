// schema/3_policy_names_repeat: policies have versions, so their names are unique no longer
// parameters: none
// columns: none
// schema
DROP CONSTRAINT lineage_policy_name IF EXISTS
