// read/counts: how many of each there are
// parameters: none
// columns: types, artifacts, executions, contexts, events: int
// read
CALL () { MATCH (n:Type) RETURN count(n) AS types }
CALL () { MATCH (n:Artifact) RETURN count(n) AS artifacts }
CALL () { MATCH (n:Execution) RETURN count(n) AS executions }
CALL () { MATCH (n:Context) RETURN count(n) AS contexts }
CALL () { MATCH ()-[e:INPUT]->() RETURN count(e) AS inputs }
CALL () { MATCH ()-[e:OUTPUT]->() RETURN count(e) AS outputs }
CALL () { MATCH ()-[e:PENDING_OUTPUT]->() RETURN count(e) AS pending }
CALL () { MATCH ()-[e:UNKNOWN_EVENT]->() RETURN count(e) AS unknown }
RETURN types, artifacts, executions, contexts, inputs + outputs + pending + unknown AS events
