"""The pages and the reference become a site, from this checkout alone and without a warning."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

import nin

ROOT = Path(__file__).parents[1]
REFERENCE = sorted((ROOT / "docs/reference").glob("*.md"))
#: What a browser would fetch from elsewhere while it shows a page.
FETCHED = re.compile(
    r"""<(?:script|img|link|iframe)\b[^>]*\b(?:src|href)=["']?(?:https?:)?//[^>]*"""
)


def built(where, *options):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    return subprocess.run(
        [*command, "--site-dir", where, *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site; a dead link, or a docstring that disagrees with its signature, fails its making."""
    folder = tmp_path_factory.mktemp("site")
    done = built(folder)
    assert done.returncode == 0, done.stdout
    return folder


def is_ours(name):
    """Whether a name of the book is a class or a function of this package, and no alias."""
    value = getattr(nin, name)
    return str(getattr(value, "__module__", "")).startswith("nin.") and value.__name__ == name


def test_every_public_name_is_in_the_reference_once():
    named = [
        name
        for page in REFERENCE
        for name in re.findall(r"(?m)^::: nin\.(\w+)$", page.read_text(encoding="utf-8"))
    ]
    book = [name for name in nin.d2l.__all__ if is_ours(name)]
    assert sorted(set(named) - {"errors"}) == sorted([*nin.__all__, *book])
    assert len(named) == len(set(named))


def test_what_contributing_names_exists():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:src|tests|benchmarks|docs|results)/[\w./]*", text))
    assert len(named) > 10
    assert not [name for name in named if not (ROOT / name).exists()]


@pytest.mark.slow
def test_the_reference_says_what_the_docstrings_say(site):
    pages = {path.stem: site / f"reference/{path.stem}/index.html" for path in REFERENCE}
    training = pages["training"].read_text(encoding="utf-8")
    for shown in (
        'id="nin.train"',
        'id="nin.Recipe.preset"',  # told by a comment above it
        "Train a network, as",
        "Factor by which the network's number of channels is multiplied.",
    ):
        assert shown in training
    assert 'id="nin.errors.RunError"' in pages["errors"].read_text(encoding="utf-8")


@pytest.mark.slow
def test_readme_is_its_home_and_its_links_lead_into_the_site(site):
    home = (site / "index.html").read_text(encoding="utf-8")
    assert "Network-in-Network image classifiers that learn reliably" in home
    assert 'href="learning/"' in home
    assert (site / "results/ablate.json").exists()


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site):
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 15
    for page in pages:
        assert not FETCHED.findall(page.read_text(encoding="utf-8")), page
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", sheet.read_text(encoding="utf-8")), sheet


@pytest.mark.slow
def test_a_dead_link_fails(tmp_path):
    links = ["no-such-page.md", "learning.md#no-such-section", "/learning.md"]
    (tmp_path / "docs").mkdir()
    for name, text in (
        ("index.md", "# Home\n\n" + "".join(f"[here]({link})\n" for link in links)),
        ("learning.md", "# Learning\n"),
    ):
        (tmp_path / "docs" / name).write_text(text)
    rules = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    rules = re.search(r"(?m)^validation:\n(?:  .*\n)+", rules)[0]
    (tmp_path / "mkdocs.yml").write_text(f"site_name: nin\n{rules}")
    done = built(tmp_path / "site", "--config-file", tmp_path / "mkdocs.yml")
    assert done.returncode == 1
    warnings = [line for line in done.stdout.splitlines() if line.startswith("WARNING")]
    for link in links:
        assert [line for line in warnings if f"'{link}'" in line], done.stdout


def test_the_lines_about_maps_run():
    text = (ROOT / "docs/maps.md").read_text(encoding="utf-8")
    [code] = re.findall(r"```python\n(maps = .*?)```", text, re.DOTALL)
    model = nin.NiN(preset="mnist", width=0.1)
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    names = {"keras": keras, "model": model, "images": images}
    first, second = code.strip().splitlines()
    exec(first, names)
    means = keras.ops.convert_to_numpy(eval(second, names))
    logits = keras.ops.convert_to_numpy(model(images))
    np.testing.assert_allclose(means, logits, rtol=1e-5, atol=1e-6)
