// write/put_policy: writes a version of a policy, over the one of that name and recorded time
// parameters: properties: map
// columns: none
// write
MERGE (p:LineagePolicy {name: $properties.name, recorded: $properties.recorded})
SET p = $properties
