// schema/4_artifact_series: versions of what has a uri and no name are found by their series
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_series IF NOT EXISTS FOR (n:Artifact) ON (n.type_id, n._series)
