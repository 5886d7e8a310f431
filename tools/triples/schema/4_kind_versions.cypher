kinds: artifacts, executions
// schema/4_<kind>_versions: <kinds> that were recorded before there were versions are version 1
// parameters: none
// columns: none
// write
MATCH (n:<Kind>)
WHERE n.version IS NULL
SET n.version = 1
