kinds: artifacts, executions
// schema/4_<kind>_version: <kind> versions are unique in their series
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_<kind>_version IF NOT EXISTS FOR (n:<Kind>) REQUIRE (n.type_id, n.name, n.version) IS UNIQUE
