// schema/3_policy_version: one version of a policy begins at one time
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_policy_version IF NOT EXISTS FOR (n:LineagePolicy) REQUIRE (n.name, n.recorded) IS UNIQUE
