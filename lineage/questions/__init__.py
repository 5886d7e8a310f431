"""The questions: one module each, with its parameters and its answer."""
