// read/shared_digests: the digests of these artifacts that another artifact has too, each once
// parameters: ids: list of int
// columns: digests: list of string
// read
UNWIND $ids AS id
MATCH (n:Artifact {id: id})
WHERE n.digest IS NOT NULL
WITH DISTINCT n.digest AS digest
WHERE COUNT { MATCH (:Artifact {digest: digest}) } > 1
RETURN collect(digest) AS digests
