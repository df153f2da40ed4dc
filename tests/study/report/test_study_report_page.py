"""The page and the tables of a comparison."""

import csv
import html.parser
import json
import re
import shutil
import subprocess

import pytest
from study_report_cases import HOSTILE, comparison, difference, hostile, published, row

from nin.errors import NinError
from nin.study.report.report_page import write_report
from nin.study.report.table_files import write_csv, write_json, write_markdown
from nin.study.results.result import Comparison

WRITERS = (write_report, write_csv, write_json, write_markdown)


class Page(html.parser.HTMLParser):
    """What a browser finds in a page: tags with attributes, and text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.words.append(data.strip())

    def values(self, *names):
        return [value for _, attrs in self.tags for name, value in attrs.items() if name in names]


def written(write, found, folder, name="file"):
    write(found, folder / name)
    return (folder / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def report_hostile(tmp_path_factory):
    return written(write_report, hostile(), tmp_path_factory.mktemp("hostile"), "page.html")


@pytest.fixture(scope="module")
def report_published(tmp_path_factory):
    rows = published(9)
    pairs = [difference(rows[0].net, each.net) for each in rows[1:]]
    folder = tmp_path_factory.mktemp("published")
    return written(write_report, comparison(rows, pairs), folder, "page.html")


def test_the_page_says_what_was_found_and_how(report_published):
    words = Page(report_published).words
    for said in (
        "Networks on Fashion-MNIST",
        "NiN (book) is 1.2 points better than LeNet: [0.4,\N{NO-BREAK SPACE}2.0] over seeds,"
        " [0.1,\N{NO-BREAK SPACE}2.3] over images",
        "NiN (book) is clearly more accurate than 8 others.",
        "10,000 test images",
        "0, 1, 2",
        "python 3.12.3, keras 3.15.1",
        "nin compare fashion",
        "1.99 M",
        "7.60 G",
        "67×67",
        "4,568",
        "3.0 MiB",
    ):
        assert said in words
    assert report_published.count("<svg ") == 5


def test_names_are_text_and_nothing_else(report_hostile):
    page = Page(report_hostile)
    tags = {tag for tag, _ in page.tags}
    assert not tags & {"script", "img", "iframe", "object", "embed"}
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    for name in HOSTILE[:8]:
        assert name.strip() in page.words
    assert "犬 caf\\udce9 \x1b[31m" in page.words


def test_the_page_needs_nothing_beside_it(report_hostile, report_published):
    for text in (report_hostile, report_published):
        page = Page(text)
        references = page.values("src", "href", "xlink:href", "srcset", "data", "action")
        assert references
        assert all(reference.startswith(("#", "data:")) for reference in references)
        styles = " ".join(re.findall(r"<style.*?</style>", text, re.DOTALL))
        assert "max-width" in styles
        assert "@import" not in styles
        assert all(target.startswith("#") for target in re.findall(r"url\((.*?)\)", text))
        namespaces = page.values("xmlns", "xmlns:xlink")
        assert set(namespaces) == {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_no_two_elements_share_an_id_and_every_reference_has_its_own(report_hostile):
    ids = Page(report_hostile).values("id")
    assert report_hostile.count("<svg ") == 10
    assert len(ids) == len(set(ids)) > 100
    targets = re.findall(r'(?:href="#|url\(#)([^")]+)', report_hostile)
    assert set(targets) <= set(ids)


def test_each_picture_has_a_name(report_published):
    pictures = [attrs for tag, attrs in Page(report_published).tags if tag == "svg"]
    assert all(attrs["role"] == "img" for attrs in pictures)
    assert len({attrs["aria-label"] for attrs in pictures}) == 5


def test_the_page_is_the_same_each_time(tmp_path):
    found = comparison(published(2))
    assert written(write_report, found, tmp_path) == written(write_report, found, tmp_path)


@pytest.mark.parametrize("write", [write_report, write_markdown])
def test_a_seed_that_died_is_seen(write, tmp_path):
    healthy = written(write, comparison([row("NiN")]), tmp_path)
    died = written(write, comparison([row("NiN"), row("LeNet", died=1)]), tmp_path)
    assert "died" not in healthy.replace(".died", "")
    assert "3 (1 died)" in died
    assert "A seed that died" in died


@pytest.mark.parametrize("write", [write_report, write_markdown])
def test_a_single_seed_has_neither_deviation_nor_interval(write, tmp_path):
    alone = difference("NiN", "LeNet", low=None, high=None, p=None, images_low=None, n=1)
    found = comparison([row("NiN", [0.9]), row("LeNet", [0.888])], [alone])
    text = written(write, found, tmp_path)
    assert "better than LeNet: one seed is too few for an interval over seeds" in text
    assert "0.900 ±" not in text
    assert "one training of each network cannot tell NiN from LeNet" in text


@pytest.mark.parametrize(
    ("write", "mark"), [(write_report, "<h2>{}</h2>"), (write_markdown, "## {}")]
)
def test_each_group_is_a_section_with_its_own_differences(write, mark, tmp_path):
    nets = {"ones": ("base", "one"), "deep": ("base", "deep")}
    rows = [row(net, group=group) for group, members in nets.items() for net in members]
    pairs = [
        difference("base", "one", group="ones"),
        difference("base", "deep", group="deep"),
    ]
    text = written(write, comparison(rows, pairs), tmp_path)
    before, ones, deep = re.split(f"{mark.format('ones')}|{mark.format('deep')}", text)
    assert "points better than" not in before
    assert ("better than one" in ones, "better than deep" in ones) == (True, False)
    assert "base is 1.2 points better than deep" in deep


def test_csv_gives_the_values_back(tmp_path):
    rows = [row(net, [0.1 + 0.2, 0.7]) for net in HOSTILE if "\udce9" not in net]
    rows += [row("bare", [0.5], measured=None, died=1, group="g, h")]
    lines = [*csv.DictReader(written(write_csv, comparison(rows), tmp_path).splitlines(True))]
    assert [line["net"] for line in lines] == [each.net for each in rows]
    for line, each in zip(lines, rows, strict=True):
        assert [float(value) for value in line["accuracies"].split()] == each.accuracies
        assert float(line["accuracy_mean"]) == pytest.approx(sum(each.accuracies) / each.n, abs=0)
        assert int(line["parameters_total"]) == each.cost.parameters.total
        assert int(line["multiply_adds"]) == each.cost.multiply_adds
    assert float(lines[0]["training_images_per_second"]) == 123.456
    assert lines[-1]["group"] == "g, h"
    assert (lines[-1]["accuracy_sd"], lines[-1]["training_peak_bytes"], lines[-1]["died"]) == (
        "",
        "",
        "1",
    )


def test_markdown_tables_keep_their_columns_whatever_the_names(tmp_path):
    text = written(write_markdown, hostile(), tmp_path)
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 6
    for table in tables:
        lines = table.splitlines()
        assert len({len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in lines}) == 1
        assert len(lines) in (2 + len(HOSTILE), 1 + len(HOSTILE))
    assert not re.findall(r"(?<!\\)<", text.rpartition("    ")[0])


def test_json_gives_the_comparison_back(tmp_path):
    found = comparison(published(3), [difference()])
    text = written(write_json, found, tmp_path)
    assert Comparison.model_validate(json.loads(text)) == found


@pytest.mark.parametrize("write", WRITERS)
def test_nothing_is_written_where_it_cannot_be_and_what_was_there_stays(write, tmp_path):
    (tmp_path / "file").write_text("old")
    with pytest.raises(NinError, match=r"^cannot write .*: .*file is not a folder$"):
        write(comparison([row("NiN")]), tmp_path / "file/page")
    (tmp_path / "folder").mkdir()
    with pytest.raises(NinError, match=r"^cannot write .*/folder: Is a directory$"):
        write(comparison([row("NiN")]), tmp_path / "folder")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    assert (tmp_path / "file").read_text() == "old"


#: Opens the page in a frame of some width and tells the widths that a browser gives it.
FRAME = """<!DOCTYPE html><iframe src="page.html" style="width:{}px;height:900px;border:0"></iframe>
<p></p><script>onload = () => {{
  const page = document.querySelector("iframe").contentDocument;
  const wide = [...page.querySelectorAll(".scroll")].filter(e => e.scrollWidth > e.clientWidth);
  const svg = [...page.querySelectorAll("svg")].map(e => e.getBoundingClientRect().width);
  document.querySelector("p").textContent = "told " + JSON.stringify({{
    page: page.documentElement.scrollWidth, title: page.title, scrolling: wide.length,
    picture: Math.min(...svg)}});
}}</script>"""


def seen_in_browser(text, width, folder):
    (folder / "page.html").write_text(text, encoding="utf-8")
    (folder / "frame.html").write_text(FRAME.format(width), encoding="utf-8")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    command += ["--dump-dom", "--allow-file-access-from-files", "--enable-logging=stderr", "--v=0"]
    command += [f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"]
    command += [(folder / "frame.html").as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert "CONSOLE" not in done.stderr
    told = re.search(r"<p>told (.*?)</p>", done.stdout)
    assert told, done.stderr
    return json.loads(html.unescape(told[1]))


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on PATH")
@pytest.mark.parametrize("width", [375, 1280])
def test_in_a_browser_only_tables_scroll_sideways(width, report_published, tmp_path):
    seen = seen_in_browser(report_published, width, tmp_path)
    assert seen["page"] == width
    assert seen["picture"] >= min(width - 32, 500)
    if width == 375:
        assert seen["scrolling"] == 3


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="there is no chromium on PATH")
def test_in_a_browser_hostile_names_do_nothing(report_hostile, tmp_path):
    seen = seen_in_browser(report_hostile, 375, tmp_path)
    assert seen["page"] == 375
    assert seen["title"].startswith("<script>document.title='taken'</script>")


def test_names_that_are_not_utf8_are_json_too(tmp_path):
    text = written(write_json, hostile(), tmp_path)
    assert json.loads(text)["title"] == hostile().title
