// write/lock_batch: locks the stored nodes of a batch, in one order everywhere, so that batches that share nodes wait for one another instead of failing
// parameters: referenced_artifacts, referenced_executions, referenced_contexts: list of int, merged_artifacts, merged_executions, merged_contexts: list of {properties}
// columns: none
// write
CALL () {
  UNWIND $referenced_artifacts AS id
  MATCH (n:Artifact {id: id})
  RETURN 0 AS rank, n
  UNION
  UNWIND $merged_artifacts AS row
  MATCH (n:Artifact {type_id: row.properties.type_id, name: row.properties.name,
                     version: row.properties.version})
  RETURN 0 AS rank, n
  UNION
  UNWIND $referenced_executions AS id
  MATCH (n:Execution {id: id})
  RETURN 1 AS rank, n
  UNION
  UNWIND $merged_executions AS row
  MATCH (n:Execution {type_id: row.properties.type_id, name: row.properties.name,
                     version: row.properties.version})
  RETURN 1 AS rank, n
  UNION
  UNWIND $referenced_contexts AS id
  MATCH (n:Context {id: id})
  RETURN 2 AS rank, n
  UNION
  UNWIND $merged_contexts AS row
  MATCH (n:Context {type_id: row.properties.type_id, name: row.properties.name})
  RETURN 2 AS rank, n
}
WITH rank, n
ORDER BY rank, n.id
SET n._lock = true
REMOVE n._lock
