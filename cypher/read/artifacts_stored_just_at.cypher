// read/artifacts_stored_just_at: the artifacts at these uris, without those below them
// parameters: uris: list of string
// columns: id: int, uri: string
// read
UNWIND $uris AS uri
MATCH (n:Artifact {uri: uri})
RETURN n.id AS id, n.uri AS uri
ORDER BY id
