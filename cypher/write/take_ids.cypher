// write/take_ids: gives out a block of ids
// parameters: kind: string, size: int, at_least: int (ids below are not given out)
// columns: last: int
// write
MERGE (block:IdBlock {kind: $kind})
ON CREATE SET block.last = 0
SET block._lock = true
WITH block, CASE WHEN block.last < $at_least THEN $at_least ELSE block.last END AS last
SET block.last = last + $size
REMOVE block._lock
RETURN block.last AS last
