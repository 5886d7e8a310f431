// read/propagation_of_marks: everything downstream of the nodes of marks with one label, by least number of hops from the nearest; one search, from the label's node; barriers are reached and not passed
// parameters: label: string, marks: list of int, blocked_artifacts, blocked_executions, blocked_types: list of int (barriers, by id, and by type id), stopping_states: list of string (only in these a step stops it by its type), exempt_executions: list of int (passed whatever their type), as_of: int (only events recorded by then)
// columns: depth: int, artifact: bool (else executions), blocked: bool, ids: list of int
// read
MATCH path = (:MarkLabel {name: $label})
  ((here WHERE CASE
      WHEN here:Artifact THEN NOT here.id IN $blocked_artifacts
      WHEN here:Execution THEN NOT here.id IN $blocked_executions
        AND NOT (here.type_id IN $blocked_types AND coalesce(here.state, 'UNKNOWN') IN $stopping_states
          AND NOT here.id IN $exempt_executions)
      WHEN here:Mark THEN here.id IN $marks
      ELSE true
    END)-[event:MARKED|ON|INPUT|OUTPUT WHERE event.recorded <= $as_of]->())+ (reached)
WITH reached, min(length(path)) - 2 AS depth
WHERE depth >= 0
RETURN depth, reached:Artifact AS artifact,
  CASE
    WHEN reached:Artifact THEN reached.id IN $blocked_artifacts
    ELSE reached.id IN $blocked_executions
      OR (reached.type_id IN $blocked_types AND coalesce(reached.state, 'UNKNOWN') IN $stopping_states
        AND NOT reached.id IN $exempt_executions)
  END AS blocked,
  collect(reached.id) AS ids
ORDER BY depth
