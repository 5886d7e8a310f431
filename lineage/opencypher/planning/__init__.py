"""Fifth stage: in which order a query looks for what it asks for."""
