// schema/4_artifact_by_state: artifacts in a state are found in the order of their ids
// parameters: none
// columns: none
// schema
CREATE INDEX lineage_artifact_by_state IF NOT EXISTS FOR (n:Artifact) ON (n.state, n.id)
