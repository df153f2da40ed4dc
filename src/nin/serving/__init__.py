"""An HTTP server that answers what is in images: a request a picture, or many.

A request's way: `middleware` (headers, log, what is left unread) → `app` (routes) → `upload`
(bytes, within limits) → `inspection` (what it is and how large, before it is decoded) → `service`
(threads that decode) → `batching` (one thread that computes, many images at a time) → `schema`
(JSON).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
