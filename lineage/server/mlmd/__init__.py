"""The gRPC service of ML Metadata over a store: a drop-in for its server.

`messages` has the classes of the wire, `values`, `types` and `nodes` what they mean here,
`writing`, `reading`, `listing` and `subgraph` the calls, `serving` the server.
"""
