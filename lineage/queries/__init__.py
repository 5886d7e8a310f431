"""Ad-hoc queries over a store: how one is asked, the graph that it sees, and its answer."""
