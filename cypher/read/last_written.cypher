// read/last_written: when it was last recorded of these artifacts that a step wrote them
// parameters: ids: list of int
// columns: id: int, recorded: int
// read
UNWIND $ids AS id
MATCH (:Artifact {id: id})<-[event:OUTPUT]-()
RETURN id, max(event.recorded) AS recorded
