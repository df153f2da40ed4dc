"""Tuning: values are searched on held-out training images, and evaluated once on test images."""
