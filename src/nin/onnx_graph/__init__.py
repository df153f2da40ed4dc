"""An ONNX graph, written node by node, for exported runs and pretrained trunks."""
