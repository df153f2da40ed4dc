"""The result of a comparison, and its forms: a data frame, a table, the answer in a sentence."""
