"""Fourth stage: what a query means, and what is wrong with it, before any data is seen."""
