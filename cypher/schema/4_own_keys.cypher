// schema/4_own_keys: properties that people called version or digest give up these keys, once
// parameters: none
// columns: none
// write
MERGE (s:LineageStore {key: 'lineage'})
WITH s
WHERE s.own_keys IS NULL
SET s.own_keys = true
WITH s
UNWIND ['version', 'digest'] AS old
MATCH (n:Artifact|Execution|Context)
WHERE n[old] IS NOT NULL
WITH n, old,
     CASE WHEN old IN coalesce(n._custom, []) THEN 'custom_' ELSE 'property_' END + old AS new
SET n[new] = n[old],
    n._custom = [key IN n._custom | CASE WHEN key = old THEN new ELSE key END],
    n._struct = [key IN n._struct | CASE WHEN key = old THEN new ELSE key END]
SET n[old] = null
