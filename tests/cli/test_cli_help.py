"""What is printed at once: help, the version, and mistakes in the line itself."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from nin._version import __version__

STUDY = (
    "--data --seeds --epochs --budget --image-size --limit --batch-size --rates --jobs --scheduler"
    " --out --no-measure --json"
)
VERBS = {
    "train": (
        "--data --preset --epochs --batch-size --lr --image-size --limit --seed"
        " --flip --shift --crop --rotation --brightness --contrast --saturation --erasing"
        " --balance --precision"
        " --accumulate --stream --devices --join --save-every --out --resume --skip-bad --json"
    ),
    "evaluate": "--data --out --skip-bad --json",
    "predict": "--top --out --workers --scheduler --json",
    "explain": "--classes --top --strongest --image-size --out --raw --json",
    "export": (
        "--to --out --maps --size --batch --layout --input --quantize --data --runtime --json"
    ),
    "serve": (
        "--host --port --workers --max-bytes --max-pixels --queue --timeout --allow-origin --quiet"
    ),
    "summary": "--input --classes --batch-size --json",
    "compare": STUDY,
    "ablate": f"--preset --width {STUDY}",
    "sweep": (
        "--vary --seeds --budget --equal --rates --jobs --out --measure --yes --json --width"
        " --depth --epochs --lr"
    ),
    "tune": "--minutes --vary --sampler --seeds --jobs --out --json --epochs --lr --finetune",
    "reproduce": "--row --jobs --out --json",
    "data": "--sheet --json",
}
HEAVY = {"keras", "tensorflow", "jax", "torch", "numpy", "matplotlib", "PIL", "sklearn"}
ASK_FOR_HELP = f"""
import sys
from nin.cli.entry_point import run
codes = [run(line) for line in {[["--help"], ["--version"], *([v, "--help"] for v in VERBS)]}]
print(codes, *(name for name in sys.modules if "." not in name), file=sys.stderr)
"""


def test_help_imports_no_framework_nor_anything_else_that_takes_long():
    command = [sys.executable, "-W", "error", "-c", ASK_FOR_HELP]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    codes, _, modules = done.stderr.partition("]")
    assert codes == f"[0, 0{', 0' * len(VERBS)}"
    assert HEAVY.isdisjoint(modules.split())
    assert "nin" in modules.split()


def test_help_lists_every_verb_and_how_to_begin(nin):
    result = nin("--help")
    assert (result.code, result.err) == (0, "")
    listed = result.out.partition("Commands:")[2]
    *verbs, _ = (line.split()[0] for line in listed.splitlines() if line.startswith("  "))
    assert verbs == [*VERBS]
    assert "Begin with: nin train" in result.out
    assert "..." not in listed, "a line is cut off"


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_explains_its_options(nin, verb):
    result = nin(verb, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"Usage: nin {verb}" in result.out
    for option in VERBS[verb].split():
        assert f"  {option} " in result.out, option


def test_version_and_nothing_at_all(nin):
    assert nin("--version") == (0, f"nin {__version__}\n", "")
    assert nin() == nin("--help")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("fly", "No such command 'fly'"),
        ("train --fast", "No such option: --fast"),
        ("train digits fashion", "unexpected extra argument"),
        ("train --epochs", "requires an argument"),
        ("train --epochs many", "'--epochs'"),
        ("train --epochs 1.5", "'--epochs'"),
        ("train --lr fast", "'--lr'"),
        ("train --seed x", "'--seed'"),
        ("evaluate", "Missing argument 'RUN'"),
        ("predict", "Missing argument 'RUN'"),
        ("predict run", "Missing argument 'SOURCE...'"),
        ("predict run a.png --top 0", "'--top'"),
        ("predict run a.png --top -1", "'--top'"),
        ("summary", "Missing argument 'NETWORK'"),
        ("summary book --classes 1", "'--classes'"),
        ("summary book --classes 0", "'--classes'"),
        ("data photos more", "unexpected extra argument"),
        ("--fast", "No such option: --fast"),
    ],
)
def test_a_wrong_line_is_one_line_that_names_the_verb_to_ask(nin, line, said):
    result = nin(*line.split())
    assert result.is_mistake(), result
    assert said in result.err
    verb = line.split()[0]
    assert result.err.endswith(("(nin --help)\n", f"(nin {verb} --help)\n"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_output_that_cannot_be_written_is_one_line(program):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([program, "data"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, "nin: No space left on device\n")


def test_a_reader_that_goes_away_is_no_mistake(program):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([program, "data"], stdout=writing, stderr=subprocess.PIPE, text=True)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-"])
def test_a_stream_that_is_closed_is_no_mistake(program, closed):
    command = ["sh", "-c", f'"{program}" data {closed}']
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    assert ("digits" in done.stdout) is (closed != ">&-")


def test_output_need_not_fit_the_terminal(program, photos):
    (photos / "dark").rename(photos / "2×2")
    environment = {**os.environ, "PYTHONIOENCODING": "koi8-r"}
    done = subprocess.run([program, "data", photos], env=environment, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"2\\xd72" in done.stdout


def test_data_names_every_set_and_where_it_is(nin):
    result = nin("data", "--json")
    assert (result.code, result.err) == (0, "")
    rows = {row["name"]: row for row in result.json}
    assert rows.keys() == {"fashion-mnist", "mnist", "cifar10", "cifar100", "svhn", "digits"}
    for row in rows.values():
        assert [*row] == ["name", "classes", "train", "test", "size", "where", "licence", "home"]
    assert rows["digits"]["where"] == "scikit-learn"
    assert rows["mnist"]["train"] == 60_000
    text = nin("data").out
    assert all(f"\n{name} " in f"\n{text}" for name in rows)
    assert json.dumps(rows["mnist"]["home"])[1:-1] in text
