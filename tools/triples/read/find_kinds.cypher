// read/find_<kinds>: the <kinds> for which all that is given holds, by id
// parameters: type_ids: list of int or null, name, external_id, uri, state: string or null, after_id: int, limit: int
// columns: node: map of properties
// read
MATCH (n:<Kind>)
WHERE n.id > $after_id AND ($type_ids IS NULL OR n.type_id IN $type_ids)
  AND ($name IS NULL OR n.name = $name)
  AND ($external_id IS NULL OR n.external_id = $external_id)
  AND ($uri IS NULL OR n.uri = $uri)
  AND ($state IS NULL OR n.state = $state)
RETURN properties(n) AS node
ORDER BY n.id
LIMIT $limit
