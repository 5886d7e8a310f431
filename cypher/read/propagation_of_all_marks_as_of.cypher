// read/propagation_of_all_marks_as_of: everything downstream of the nodes of all marks with one label, by least number of hops from the nearest; without barriers, so that no node need be looked at on the way
// parameters: label: string, as_of: int (only events recorded by then)
// columns: depth: int, artifact: bool (else executions), blocked: bool, ids: list of int
// read
MATCH path = (:MarkLabel {name: $label})
  (()-[event:MARKED|ON|INPUT|OUTPUT WHERE event.recorded <= $as_of]->())+ (reached)
WITH reached, min(length(path)) - 2 AS depth
WHERE depth >= 0
RETURN depth, reached:Artifact AS artifact, false AS blocked, collect(reached.id) AS ids
ORDER BY depth
