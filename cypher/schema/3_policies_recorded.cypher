// schema/3_policies_recorded: the time that a policy was recorded, which its text ended with
// parameters: none
// columns: none
// write
MATCH (p:LineagePolicy)
WHERE p.recorded IS NULL
SET p.recorded = coalesce(
  toInteger(replace(split(p.content, '"recorded_ms": ')[-1], '}', '')), 0
)
