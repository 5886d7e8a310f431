// schema/1_<kind>_external_id: <kind> external ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_<kind>_external_id IF NOT EXISTS FOR (n:<Kind>) REQUIRE n.external_id IS UNIQUE
