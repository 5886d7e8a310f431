// schema/await: waits until every index is online
// parameters: none
// columns: none
// schema
CALL db.awaitIndexes(300)
