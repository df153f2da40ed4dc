"""The commands that install packages: in one place, so that none names somebody else's package.

On the package index this package has another name than in Python: `nin` there is somebody else's.
"""

from __future__ import annotations

import shlex

#: What the package index calls this package.
DISTRIBUTION = "keras-nin"


def install_line(extra: str) -> str:
    """The line that installs this package with an extra: ``pip install 'keras-nin[jax]'``."""
    return pip_install(f"{DISTRIBUTION}[{extra}]")


def pip_install(requirement: str) -> str:
    """The line that installs `requirement`, quoted where a shell would read it otherwise."""
    return f"pip install {shlex.quote(requirement)}"
