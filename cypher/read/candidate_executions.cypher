// read/candidate_executions: the executions that writes may be about: by id, by external id, and of each name its newest attempt and the one with the version
// parameters: ids: list of int, external_ids: list of string, named, placed: list of {type_id, version: int, name: string}
// columns: node: map of properties, used: bool
// read
CALL () {
  UNWIND $ids AS id
  MATCH (n:Execution {id: id})
  RETURN n
  UNION
  UNWIND $external_ids AS external_id
  MATCH (n:Execution {external_id: external_id})
  RETURN n
  UNION
  UNWIND $named + $placed AS row
  CALL (row) {
    MATCH (n:Execution {type_id: row.type_id, name: row.name})
    WHERE n.version > 0
    RETURN n
    ORDER BY n.version DESC
    LIMIT 1
  }
  RETURN n
  UNION
  UNWIND $named AS row
  MATCH (n:Execution {type_id: row.type_id, name: row.name, version: row.version})
  RETURN n
}
RETURN properties(n) AS node,
       EXISTS { (n)-[:INPUT|OUTPUT|PENDING_OUTPUT|UNKNOWN_EVENT]-() } AS used
