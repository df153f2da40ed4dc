"""LiteRT files: converted by TensorFlow, and described for the libraries that phones have."""
