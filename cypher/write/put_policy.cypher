// write/put_policy: writes a policy over the one of that name
// parameters: name, content: string
// columns: none
// write
MERGE (p:LineagePolicy {name: $name})
SET p.content = $content
