// read/artifacts_stored_at: the artifacts at these uris, or below them as in folders
// parameters: uris: list of string
// columns: id: int, uri: string
// read
UNWIND $uris AS uri
CALL (uri) {
  MATCH (n:Artifact {uri: uri})
  RETURN n
  UNION
  MATCH (n:Artifact)
  WHERE n.uri STARTS WITH uri + '/'
  RETURN n
}
RETURN DISTINCT n.id AS id, n.uri AS uri
ORDER BY id
