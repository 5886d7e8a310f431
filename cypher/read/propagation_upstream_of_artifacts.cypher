// read/propagation_upstream_of_artifacts: everything upstream of artifacts, by least number of hops; barriers are reached and not passed
// parameters: ids: list of int (none of them a barrier), blocked_artifacts, blocked_executions, blocked_types: list of int (barriers, by id, and by type id), stopping_states: list of string (only in these a step stops it by its type), exempt_executions: list of int (passed whatever their type), as_of: int (only events recorded by then)
// columns: depth: int, artifact: bool (else executions), blocked: bool, ids: list of int
// read
UNWIND $ids AS id
// One search a start: over several starts at once the planner's pruned search misses nearer ways.
CALL (id) {
  MATCH path = (start:Artifact {id: id})
    ((here WHERE CASE
      WHEN here:Artifact THEN NOT here.id IN $blocked_artifacts
      WHEN here:Execution THEN NOT here.id IN $blocked_executions
        AND NOT (here.type_id IN $blocked_types AND coalesce(here.state, 'UNKNOWN') IN $stopping_states
          AND NOT here.id IN $exempt_executions)
      ELSE true
    END)<-[event:INPUT|OUTPUT WHERE event.recorded <= $as_of]-())+ (reached)
  RETURN reached, min(length(path)) AS depth
}
WITH reached, min(depth) AS depth
RETURN depth, reached:Artifact AS artifact,
  CASE
    WHEN reached:Artifact THEN reached.id IN $blocked_artifacts
    ELSE reached.id IN $blocked_executions
      OR (reached.type_id IN $blocked_types AND coalesce(reached.state, 'UNKNOWN') IN $stopping_states
        AND NOT reached.id IN $exempt_executions)
  END AS blocked,
  collect(reached.id) AS ids
ORDER BY depth
