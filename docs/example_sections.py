"""Sections called `Example:` are shown as code in the reference: Griffe knows `Examples:` alone."""

from __future__ import annotations

import re
from typing import Any

from griffe import Extension


class ExampleSections(Extension):
    """Gives the section of one example the name that Griffe reads."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Rename the section, for the reference alone."""
        if obj.docstring:
            obj.docstring.value = re.sub(r"(?m)^Example:$", "Examples:", obj.docstring.value)
