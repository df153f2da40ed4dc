"""Predictions for many pictures into one file: part by part, in this process or by workers."""
