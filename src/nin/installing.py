"""Commands that install packages, in one place so that none names somebody else's package.

On the package index this package is not called `nin`: that name belongs to somebody else.
"""

from __future__ import annotations

import shlex

#: What the package index calls this package.
DISTRIBUTION = "keras-nin"


def install_line(extra: str) -> str:
    """The line that installs this package with an extra: ``pip install 'keras-nin[jax]'``."""
    return pip_install(f"{DISTRIBUTION}[{extra}]")


def pip_install(requirement: str) -> str:
    """The line that installs `requirement`, quoted for the shell if necessary."""
    return f"pip install {shlex.quote(requirement)}"
