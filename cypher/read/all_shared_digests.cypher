// read/all_shared_digests: the digests that several artifacts have, each once
// parameters: none
// columns: digests: list of string
// read
MATCH (n:Artifact)
WHERE n.digest IS NOT NULL
WITH n.digest AS digest, count(*) AS artifacts
WHERE artifacts > 1
RETURN collect(digest) AS digests
