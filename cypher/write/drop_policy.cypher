// write/drop_policy: takes a policy out
// parameters: name: string
// columns: none
// write
MATCH (p:LineagePolicy {name: $name}) DELETE p
