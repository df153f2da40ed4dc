"""What a network costs and how it compares: accounting, ablations, comparison, report."""

from nin import backends

backends.choose()
