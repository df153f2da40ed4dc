"""What a comparison found, in one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from nin.study.results.report_text import finding
from nin.study.results.tuning_record import TuningRecord
from nin.study.statistics.difference import Difference
from nin.study.statistics.intervals import FEWEST_SEEDS
from nin.study.trials.row import Row

#: More networks than this are counted instead of named.
_NAMED = 5


def answer(rows: Sequence[Row], differences: Sequence[Difference]) -> str:
    """Which networks clearly differ from the one that they are compared with, and which do not.

    The groups of a comparison are taken together.
    """
    if not differences:
        best = max((row for row in rows if row.n), key=lambda row: fmean(row.accuracies))
        return f"{best.net} classifies {fmean(best.accuracies):.1%} of the images correctly."
    bases = dict.fromkeys(each.net for each in differences)
    findings = [_about([each for each in differences if each.net == base]) for base in bases]
    return "; ".join(findings) + "."


def sweep_answer(
    rows: Sequence[Row], effects: Sequence[Difference], interactions: Sequence[Difference]
) -> str:
    """Which combination was best, what each factor is worth, and which factors interact."""
    best = max((row for row in rows if row.n), key=lambda row: fmean(row.accuracies))
    factors = dict.fromkeys(each.group for each in effects)
    findings = [_about([each for each in effects if each.group == factor]) for factor in factors]
    found = [each for each in interactions if each.is_clear]
    if found:
        findings.append(
            " and ".join(
                f"{each.net} is worth {abs(100 * each.mean):.1f} points"
                f" {'more' if each.mean > 0 else 'less'} than {each.rival}"
                for each in found
            )
        )
    return (
        f"Most accurate is {best.net} ({fmean(best.accuracies):.1%}); averaged over the rest,"
        f" {'; '.join(findings)}."
    )


def tuning_answer(
    tuning: TuningRecord, rows: Sequence[Row], differences: Sequence[Difference]
) -> str:
    """What tuning was worth, with the interval over seeds if there is one."""
    tried = [each.values for each in tuning.tried if each.state != "fail"]
    if not differences:
        own = fmean(rows[0].accuracies)
        others = sum(values != tuning.defaults for values in tried)
        return (
            f"None of {others} trainings with other values did better on held-out training images"
            f" than with the recipe's own, which classify {own:.1%} of the test images correctly."
        )
    (found,) = differences
    return f"{len(tried)} trainings: {answer(rows, differences)[:-1]}; {finding(found)}."


def _about(differences: Sequence[Difference]) -> str:
    """What `differences` say about the network that all of them are about."""
    net, seeds = differences[0].net, min(each.n for each in differences)
    folds = differences[0].folds
    unit = "seeds" if folds is None else "folds" if seeds == folds else "trainings on folds"
    if min(each.independent for each in differences) < FEWEST_SEEDS:
        trained = "one training" if seeds == 1 else f"{seeds} trainings"
        return (
            f"{trained} of each network cannot tell {net} from {_named(differences, sizes=False)}:"
            f" that takes {FEWEST_SEEDS} {differences[0].unit} or more"
        )
    parts = []
    for word, sign in (("more", 1), ("less", -1)):
        if found := [each for each in differences if each.is_clear and sign * each.mean > 0]:
            parts.append(f"clearly {word} accurate than {_named(found, sizes=True)}")
    unclear = [each for each in differences if not each.is_clear]
    if not parts:
        return f"{seeds} {unit} cannot tell {net} from {_named(unclear, sizes=False)}"
    if unclear:
        parts[-1] += f"; {seeds} {unit} cannot tell it from {_named(unclear, sizes=False)}"
    return f"{net} is {' and '.join(parts)}"


def _named(differences: Sequence[Difference], *, sizes: bool) -> str:
    """The other networks, the clearest difference first."""
    if len(differences) > _NAMED:
        return f"{len(differences)} others"
    ordered = sorted(differences, key=lambda each: -abs(each.mean))
    names = [
        each.rival + (f" (by {abs(100 * each.mean):.1f} points)" if sizes else "")
        for each in ordered
    ]
    word = "and" if sizes else "or"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {word} {names[-1]}"
