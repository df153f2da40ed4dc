"""Networks by name: presets, the book's other networks, tables of stages and custom networks.

Nothing here imports Keras; `nin.models` makes the networks.
"""
