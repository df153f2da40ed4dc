"""The Open Inference Protocol, version 2, beside our own routes: KServe's and Triton's clients.

A request's way: `routes` → `messages` (JSON) → `input_tensors` (pictures, within limits) →
`nin.serving.service` → `output_tensors`. With the extension for binary tensors and that for
classification.

Source: the protocol's pages at https://kserve.github.io/website/docs/concepts/architecture, and
Triton's for its extensions.
"""
