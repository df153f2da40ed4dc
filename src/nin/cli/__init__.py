"""The command line: a verb a file. Each parses, calls and prints; nothing is worked out here."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click
import typer
from typer.core import TyperGroup

VERBS = ("train", "evaluate", "predict", "summary", "data")


class _Verbs(TyperGroup):
    """Loads a verb's file when the verb is used or its help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> Any:
        del ctx
        if name not in VERBS:
            return None
        module = importlib.import_module(f"nin.cli.{name}")
        verb = typer.Typer(add_completion=False, rich_markup_mode=None)
        verb.command(name)(getattr(module, name))
        return typer.main.get_command(verb)
