// read/policies: all versions of all policies, ended ones too, by name and recorded time
// parameters: none
// columns: name: string, recorded: int, ended: int or null, content: string
// read
MATCH (p:LineagePolicy)
RETURN p.name AS name, p.recorded AS recorded, p.ended AS ended, p.content AS content
ORDER BY name, recorded
