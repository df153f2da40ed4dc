"""The result of a comparison, also as a data frame, as a table, and in one sentence."""
