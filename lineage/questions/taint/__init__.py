"""Taint: what is affected by what is known of its sources, and what to do about it.

**Sources** of a label are the artifacts and executions that a standing mark puts it on, or those
that are given. **Barriers** of a label are the nodes marked clean of it, and the steps of a type
that a policy says stops it and that did its work (not FAILED, CANCELED, NEW or RUNNING); such a
step that is itself a source is none. A node is **affected**
where a chain of data-carrying events leads to it from a source, and no node of the chain, both
ends included, is a barrier. Its **depth** is the number of events in the shortest such chain; a
source's is 0. A deleted node conducts like any other.

A barrier is **met** where it would be affected if it were none. What it **shielded** are the nodes
that would be affected as well, itself included, if it alone were none.

**as_of** sees what was known by then: marks recorded and not lifted or ended by then, events
recorded by then, the policies that were in force.

**causal**: only chains count whose events happened one after the other, none before the one that
it follows (an event without a time happened when it was recorded). A mark that says since when
taints only what left its node from then on. So an output never gets its taint from an input that
came later.

**Ports**: a step whose type declares the property `came_of`, of kind struct, may say there which
output ports came of which input ports: `{"model": ["examples"]}`. A port is the first part of an
event's path. Then an output of a port that is named there is reached only through inputs of those
ports; every other output is reached through any input.
"""
