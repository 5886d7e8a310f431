// read/propagation_of_all_marks: everything downstream of the nodes of all marks with one label as of now, by least number of hops from the nearest; without barriers and times, so that nothing need be looked at on the way
// parameters: label: string
// columns: depth: int, artifact: bool (else executions), blocked: bool, ids: list of int
// read
MATCH path = (:MarkLabel {name: $label})
  (()-[:MARKED|ON|INPUT|OUTPUT]->())+ (reached)
WITH reached, min(length(path)) - 2 AS depth
WHERE depth >= 0
RETURN depth, reached:Artifact AS artifact, false AS blocked, collect(reached.id) AS ids
ORDER BY depth
