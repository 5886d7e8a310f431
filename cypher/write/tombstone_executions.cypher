// write/tombstone_executions: takes what executions hold; they stay in the graph, with their events and contexts
// parameters: ids: list of int, now: int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:Execution {id: id})
SET n = {
  id: n.id, type: n.type, type_id: n.type_id, type_version: n.type_version, name: n.name,
  external_id: n.external_id, state: n.state, version: n.version, created: n.created,
  updated: CASE WHEN n.updated < $now THEN $now ELSE n.updated + 1 END
}
