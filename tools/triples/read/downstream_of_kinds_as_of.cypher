kinds: artifacts, executions
// read/downstream_of_<kinds>_as_of: everything downstream of <kinds>, by least number of hops; a hop is one event, so artifacts and executions alternate
// parameters: ids: list of int, as_of: int (only events recorded by then)
// columns: depth: int, ids: list of int
// read
UNWIND $ids AS id
// One search a start: over several starts at once the planner's pruned search misses nearer ways.
CALL (id) {
  MATCH path = (start:<Kind> {id: id}) (()-[event:INPUT|OUTPUT WHERE event.recorded <= $as_of]->())+ (reached)
  RETURN reached, min(length(path)) AS depth
}
WITH reached, min(depth) AS depth
RETURN depth, collect(reached.id) AS ids
ORDER BY depth
