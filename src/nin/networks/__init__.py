"""Which networks there are, by name: presets, the book's others, tables of stages, and your own.

Nothing here imports Keras; `nin.models` makes the networks.
"""
