"""The network as an ONNX graph, written node by node: the same file from every backend."""
