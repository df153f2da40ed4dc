"""An HTTP server that predicts what is in images, one or several per request.

A request's way: `connections` → `middleware` (headers, log, what is left unread) → `app` (routes) →
`upload` (bytes, within limits; what is in them, before it is decoded) → `service` (threads that
decode) → `batching` (threads that compute, many images at a time) → `schema` (JSON).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
