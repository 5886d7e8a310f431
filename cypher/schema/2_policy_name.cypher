// schema/2_policy_name: policies are unique by name
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_policy_name IF NOT EXISTS FOR (n:LineagePolicy) REQUIRE n.name IS UNIQUE
