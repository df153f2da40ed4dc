"""How a refusal is written: one line of JSON, in the words of the interface that was called."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

#: Where the routes of the Open Inference Protocol begin; its clients look for a field of their own.
OPEN_INFERENCE = "/v2"


def problem(path: str, status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response to a request that is refused or has failed.

    Args:
        path: that was requested; it decides the interface.
        status: of HTTP.
        why: in one line.
        headers: beside the usual ones.
    """
    is_open_inference = f"{path}/".startswith(f"{OPEN_INFERENCE}/")
    content = json.dumps({"error" if is_open_inference else "detail": why})
    return Response(content, status, headers, media_type="application/json")
