// read/upstream_of_artifacts: everything upstream of artifacts, by least number of hops; a hop is one event, so artifacts and executions alternate
// parameters: ids: list of int, as_of: int (only events recorded by then)
// columns: depth: int, ids: list of int
// read
MATCH path = (start:Artifact WHERE start.id IN $ids)
             (()<-[event:INPUT|OUTPUT WHERE event.recorded <= $as_of]-())+
             (reached)
WITH reached, min(length(path)) AS depth
RETURN depth, collect(reached.id) AS ids
ORDER BY depth
