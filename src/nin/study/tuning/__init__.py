"""Tuning: values searched by held-out training images, and judged once by test images."""
