// read/artifacts_with_digests: the artifacts with one of these digests
// parameters: digests: list of string
// columns: digest: string, id: int, created: int
// read
UNWIND $digests AS digest
MATCH (n:Artifact {digest: digest})
RETURN digest, n.id AS id, n.created AS created
