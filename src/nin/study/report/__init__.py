"""The report of a comparison: an HTML page with its figures, and the tables beside it."""
