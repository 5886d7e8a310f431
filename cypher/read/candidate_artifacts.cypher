// read/candidate_artifacts: the artifacts that writes may be about: by id, by external id, and of each series its newest version, the newest with the digest or at the place, and the one with the version
// parameters: ids: list of int, external_ids: list of string, named, placed: list of {type_id, version: int, name, place, digest: string}
// columns: node: map of properties, used: bool
// read
CALL () {
  UNWIND $ids AS id
  MATCH (n:Artifact {id: id})
  RETURN n
  UNION
  UNWIND $external_ids AS external_id
  MATCH (n:Artifact {external_id: external_id})
  RETURN n
  UNION
  UNWIND $named AS row
  CALL (row) {
    MATCH (n:Artifact {type_id: row.type_id, name: row.name})
    WHERE n.version > 0
    RETURN n
    ORDER BY n.version DESC
    LIMIT 1
  }
  RETURN n
  UNION
  UNWIND $named AS row
  MATCH (n:Artifact {type_id: row.type_id, name: row.name, version: row.version})
  RETURN n
  UNION
  UNWIND $named AS row
  CALL (row) {
    MATCH (n:Artifact {digest: row.digest})
    WHERE n.type_id = row.type_id AND n.name = row.name
    RETURN n
    ORDER BY n.version DESC
    LIMIT 1
  }
  RETURN n
  UNION
  UNWIND $named AS row
  CALL (row) {
    CALL (row) {
      MATCH (n:Artifact {uri: row.place})
      RETURN n
      UNION
      MATCH (n:Artifact {_place: row.place})
      RETURN n
    }
    WITH n, row
    WHERE n.type_id = row.type_id AND n.name = row.name
    RETURN n
    ORDER BY n.version DESC
    LIMIT 1
  }
  RETURN n
  UNION
  UNWIND $placed AS row
  CALL (row) {
    CALL (row) {
      MATCH (n:Artifact {uri: row.place})
      RETURN n
      UNION
      MATCH (n:Artifact {_place: row.place})
      RETURN n
    }
    WITH n, row
    WHERE n.type_id = row.type_id AND n.name IS NULL
    RETURN n
    ORDER BY n.version DESC
    LIMIT 1
  }
  RETURN n
  UNION
  UNWIND $placed AS row
  CALL (row) {
    CALL (row) {
      MATCH (n:Artifact {uri: row.place})
      RETURN n
      UNION
      MATCH (n:Artifact {_place: row.place})
      RETURN n
    }
    WITH n, row
    WHERE n.type_id = row.type_id
    WITH n, row
    ORDER BY n.created DESC, n.id DESC
    WITH row, collect(n) AS there
    WITH [head(there), head([n IN there WHERE n.digest = row.digest])] AS found
    UNWIND found AS n
    WITH n
    WHERE n IS NOT NULL
    RETURN n
  }
  RETURN n
}
RETURN properties(n) AS node,
       EXISTS { (n)-[:INPUT|OUTPUT|PENDING_OUTPUT|UNKNOWN_EVENT]-() } AS used
