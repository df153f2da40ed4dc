"""The command line, one verb per file. Each parses, calls and prints; nothing is computed here."""

from nin.cli.entry_point import main

__all__ = ["main"]
