"""Error responses: one line of JSON, in the form of the API that was called."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.responses import Response

#: The prefix of the Open Inference Protocol's routes, whose clients expect another field.
OPEN_INFERENCE = "/v2"


def problem(path: str, status: int, why: str, headers: Mapping[str, str] | None = None) -> Response:
    """The response to a request that is refused or has failed.

    Args:
        path: the path that was requested, which shows the API.
        status: the HTTP status.
        why: the reason, in one line.
        headers: headers besides the usual ones.
    """
    is_open_inference = f"{path}/".startswith(f"{OPEN_INFERENCE}/")
    content = json.dumps({"error" if is_open_inference else "detail": why})
    return Response(content, status, headers, media_type="application/json")
