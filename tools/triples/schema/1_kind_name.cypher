// schema/1_<kind>_name: <kind> names are unique in their type
// parameters: none
// columns: none
// schema
CREATE CONSTRAINT lineage_<kind>_name IF NOT EXISTS FOR (n:<Kind>) REQUIRE (n.type_id, n.name) IS UNIQUE
