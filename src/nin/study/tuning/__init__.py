"""Tuning: values searched by held-out training images, and evaluated once on test images."""
