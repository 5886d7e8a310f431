// write/apply: writes a batch in one round trip; events and pairs give nodes by their place in the list of all nodes, which is referenced, created, merged, each as artifacts, executions, contexts
// parameters: referenced_artifacts … : list of int, created_artifacts …, merged_artifacts … : list of {label, properties}, inputs, outputs, without_flow: list of {artifact, execution: int, type, path: string, time, recorded: int}, memberships, parents: list of [int, int]
// columns: missing, deleted: list of int (places in the list of all nodes), merged: list of {id: int, old: map of properties, or null where it was made}
// write
CALL () {
  UNWIND $referenced_artifacts AS id
  OPTIONAL MATCH (n:Artifact {id: id})
  RETURN collect({node: n}) AS referenced_artifacts
}
CALL () {
  UNWIND $referenced_executions AS id
  OPTIONAL MATCH (n:Execution {id: id})
  RETURN collect({node: n}) AS referenced_executions
}
CALL () {
  UNWIND $referenced_contexts AS id
  OPTIONAL MATCH (n:Context {id: id})
  RETURN collect({node: n}) AS referenced_contexts
}
CALL () {
  UNWIND $created_artifacts AS row
  CREATE (n:Artifact)
  SET n = row.properties, n:$(row.label)
  RETURN collect({node: n}) AS created_artifacts
}
CALL () {
  UNWIND $created_executions AS row
  CREATE (n:Execution)
  SET n = row.properties, n:$(row.label)
  RETURN collect({node: n}) AS created_executions
}
CALL () {
  UNWIND $created_contexts AS row
  CREATE (n:Context)
  SET n = row.properties, n:$(row.label)
  RETURN collect({node: n}) AS created_contexts
}
CALL () {
  UNWIND $merged_artifacts AS row
  MERGE (n:Artifact {type_id: row.properties.type_id, name: row.properties.name,
                     version: row.properties.version})
  ON CREATE SET n = row.properties, n:$(row.label)
  RETURN collect({node: n, old: CASE WHEN n.id <> row.properties.id THEN properties(n) END}) AS merged_artifacts
}
CALL () {
  UNWIND $merged_executions AS row
  MERGE (n:Execution {type_id: row.properties.type_id, name: row.properties.name,
                     version: row.properties.version})
  ON CREATE SET n = row.properties, n:$(row.label)
  RETURN collect({node: n, old: CASE WHEN n.id <> row.properties.id THEN properties(n) END}) AS merged_executions
}
CALL () {
  UNWIND $merged_contexts AS row
  MERGE (n:Context {type_id: row.properties.type_id, name: row.properties.name})
  ON CREATE SET n = row.properties, n:$(row.label)
  RETURN collect({node: n, old: CASE WHEN n.id <> row.properties.id THEN properties(n) END}) AS merged_contexts
}
WITH referenced_artifacts
     + referenced_executions
     + referenced_contexts
     + created_artifacts
     + created_executions
     + created_contexts
     + merged_artifacts
     + merged_executions
     + merged_contexts AS nodes,
     merged_artifacts + merged_executions + merged_contexts AS merged
// MERGE locks both ends: whoever has locked a node is alone in what is tied to it.
CALL (nodes) {
  UNWIND $inputs AS row
  WITH nodes[row.artifact].node AS a, nodes[row.execution].node AS x, row
  WHERE a IS NOT NULL AND x IS NOT NULL
  MERGE (a)-[e:INPUT {type: row.type, path: row.path}]->(x)
  ON CREATE SET e.time = row.time, e.recorded = row.recorded, e.artifact_id = a.id,
                e.execution_id = x.id
}
CALL (nodes) {
  UNWIND $outputs AS row
  WITH nodes[row.artifact].node AS a, nodes[row.execution].node AS x, row
  WHERE a IS NOT NULL AND x IS NOT NULL
  MERGE (x)-[e:OUTPUT {type: row.type, path: row.path}]->(a)
  ON CREATE SET e.time = row.time, e.recorded = row.recorded, e.artifact_id = a.id,
                e.execution_id = x.id
}
CALL (nodes) {
  UNWIND $without_flow AS row
  WITH nodes[row.artifact].node AS a, nodes[row.execution].node AS x, row
  WHERE a IS NOT NULL AND x IS NOT NULL
  MERGE (x)-[e:$(row.relationship) {type: row.type, path: row.path}]->(a)
  ON CREATE SET e.time = row.time, e.recorded = row.recorded, e.artifact_id = a.id,
                e.execution_id = x.id
}
CALL (nodes) {
  UNWIND $memberships AS pair
  WITH nodes[pair[0]].node AS n, nodes[pair[1]].node AS c
  WHERE n IS NOT NULL AND c IS NOT NULL
  MERGE (n)-[:IN_CONTEXT]->(c)
}
CALL (nodes) {
  UNWIND $parents AS pair
  WITH nodes[pair[0]].node AS child, nodes[pair[1]].node AS parent
  WHERE child IS NOT NULL AND parent IS NOT NULL
  MERGE (child)-[:CHILD_OF]->(parent)
}
RETURN [i IN range(0, size(nodes) - 1) WHERE nodes[i].node IS NULL] AS missing,
       [i IN range(0, size(nodes) - 1) WHERE nodes[i].node.state = 'DELETED'] AS deleted,
       [found IN merged | {id: found.node.id, old: found.old}] AS merged
