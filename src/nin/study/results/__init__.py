"""The result of a comparison, and its forms: a data frame, a table, the finding in a sentence."""
