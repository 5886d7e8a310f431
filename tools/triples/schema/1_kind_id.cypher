// schema/1_<kind>_id: <kind> ids are unique
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_<kind>_id IF NOT EXISTS FOR (n:<Kind>) REQUIRE n.id IS UNIQUE
