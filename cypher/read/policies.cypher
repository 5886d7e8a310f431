// read/policies: all policies, by name
// parameters: none
// columns: name, content: string
// read
MATCH (p:LineagePolicy) RETURN p.name AS name, p.content AS content ORDER BY name
