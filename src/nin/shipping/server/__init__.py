"""An HTTP server that answers what is in images: a request a picture, or many.

A request's way: `edge` (headers, log, what is left unread) → `routes` → `intake` (bytes, within
limits) → `inspection` (what it is and how large, before it is decoded) → `service` (threads that
decode) → `batching` (one thread that computes, many images at a time) → `answers` (JSON).
"""

from nin.shipping.server.launch import serve
from nin.shipping.server.settings import Limits, Settings

__all__ = ["Limits", "Settings", "serve"]
