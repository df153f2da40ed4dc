"""LiteRT files: converted by TensorFlow, and described for the usual libraries on phones."""
