"""The tables of docs/experiments.md: three questions, each answered by a record if there is one."""

from __future__ import annotations

import json
from functools import partial

from nin.study.results.overview import tuned_values
from nin.study.results.report_text import certainty, finding
from nin.study.results.result import Comparison
from nin.study.results.table_formats import markdown
from pages.training import RESULTS


def answered(name: str) -> str:
    """The answer to a question in a sentence, and its tables."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return f"*Not measured yet: `python benchmarks/questions.py {name}`.*"
    record = json.loads(path.read_text(encoding="utf-8"))
    found = Comparison.model_validate(record["comparison"])
    blocks = [f"**{found.answer}**", found.to_markdown()]
    if found.effects:
        lines = [(finding(each), certainty(each)) for each in (*found.effects, *found.interactions)]
        blocks.append(markdown(("averaged over the other factor", "certainty"), lines))
    if found.tuning is not None:
        blocks.append(markdown(*tuned_values(found.tuning)))
    return "\n\n".join([*blocks, _conditions(found, record)])


def _conditions(found: Comparison, record: dict[str, object]) -> str:
    seeds, device = len(found.settings["seeds"]), found.device
    place = device.get("gpu") or f"{device['cores']} cores of {device['processor']}"
    return (
        f"({found.data['name']}, n = {seeds} seeds, {found.images:,} test images; {place};"
        f" commit {record['commit']}; `{found.command}`)"
    )


QUESTIONS = {f"question {name}": partial(answered, name) for name in ("windows", "depth", "folder")}
