"""An ONNX graph, written node by node: of a run that is exported, of a pretrained trunk."""
