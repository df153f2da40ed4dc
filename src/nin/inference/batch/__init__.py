"""Answers about many pictures into one file: part by part, here or by workers elsewhere."""
