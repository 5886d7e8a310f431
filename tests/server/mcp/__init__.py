"""The tools for agents, as a real client meets them."""
