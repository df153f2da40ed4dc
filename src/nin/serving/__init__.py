"""An HTTP server that predicts what is in images, one or several per request.

The path of a request: `connections` → `middleware` (headers, log, unread bodies) → `app` (routes) →
`upload` (bytes, within limits; checks pictures before they are decoded) → `service` (threads that
decode) → `batching` (threads that compute, many images at a time) → `schema` (JSON).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
