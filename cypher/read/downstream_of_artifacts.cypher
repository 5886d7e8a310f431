// read/downstream_of_artifacts: everything downstream of artifacts, by least number of hops; a hop is one event, so artifacts and executions alternate; whenever it was recorded: without a time to compare, a fifth faster
// parameters: ids: list of int
// columns: depth: int, ids: list of int
// read
UNWIND $ids AS id
// One search a start: over several starts at once the planner's pruned search misses nearer ways.
CALL (id) {
  MATCH path = (start:Artifact {id: id}) (()-[:INPUT|OUTPUT]->())+ (reached)
  RETURN reached, min(length(path)) AS depth
}
WITH reached, min(depth) AS depth
RETURN depth, collect(reached.id) AS ids
ORDER BY depth
