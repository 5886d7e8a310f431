"""ML Metadata's own library and tests, beside which the drop-in is tried."""
