"""Second stage: values, how they compare, and the graph that they come from."""
