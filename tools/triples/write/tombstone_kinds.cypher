// write/tombstone_<kinds>: takes what <kinds> hold; they stay in the graph, with their events and contexts
// parameters: ids: list of int, now: int
// columns: none
// write
UNWIND $ids AS id
MATCH (n:<Kind> {id: id})
SET n = {
  id: n.id, type: n.type, type_id: n.type_id, type_version: n.type_version, name: n.name,
<artifacts>   external_id: n.external_id, state: 'DELETED', version: n.version, digest: n.digest, created: n.created,
<executions>   external_id: n.external_id, state: n.state, version: n.version, created: n.created,
<contexts>   external_id: n.external_id, created: n.created,
  updated: CASE WHEN n.updated < $now THEN $now ELSE n.updated + 1 END
}
