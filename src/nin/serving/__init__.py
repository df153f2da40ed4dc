"""An HTTP server that predicts what is in images, one or several per request.

A request's way: `connections` → `middleware` (headers, log, what is left unread) → `app` (routes) →
`upload` (bytes, within limits; what is in them, before it is decoded) → `service` (threads that
decode) → `batching` (one thread that computes, many images at a time) → `schema` (JSON).
"""

from nin.serving.launch import serve
from nin.serving.settings import Limits, Settings

__all__ = ["Limits", "Settings", "serve"]
