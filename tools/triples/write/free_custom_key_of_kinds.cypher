// write/free_custom_key_of_<kinds>: moves a custom property of the <kinds> of a type to another key, because the type now declares its name
// parameters: type_id: int, old: string, new: string
// columns: moved: int
// write
MATCH (n:<Kind> {type_id: $type_id})
WHERE $old IN n._custom
SET n[$new] = n[$old],
    n._custom = [key IN n._custom WHERE key <> $old] + $new,
    n._struct = [key IN coalesce(n._struct, []) WHERE key <> $old]
                + CASE WHEN $old IN coalesce(n._struct, []) THEN [$new] ELSE [] END
SET n[$old] = null
RETURN count(n) AS moved
