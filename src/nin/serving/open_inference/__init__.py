"""The Open Inference Protocol, version 2, for KServe's and Triton's clients.

The path of a request: `routes` → `messages` (JSON) → `input_tensors` (pictures, within limits) →
`nin.serving.service` → `output_tensors`. The extensions for binary tensors and for classification
are supported.

Source: the protocol's pages at https://kserve.github.io/website/docs/concepts/architecture, and
Triton's for its extensions.
"""
