"""Tables of labels: which column is which, and what is unclear or cannot be read."""

import pytest

from nin.data.folders.label_table import find_tables, part_of, read_table
from nin.errors import DataError


@pytest.fixture
def table(tmp_path):
    def make(content, name="labels.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return make


def rows(path, there=()):
    return [row[1:] for row in read_table(path, lambda name: name in there)]


TWO = [("a.jpg", "cat", None), ("b.jpg", "dog", None)]


@pytest.mark.parametrize(
    "content",
    [
        "file,label\na.jpg,cat\nb.jpg,dog\n",
        "label;File Name\r\ncat;a.jpg\r\n\r\ndog;b.jpg",
        "\ufeffimage_path\tclass\na.jpg\tcat\nb.jpg\tdog\n",
        'id,breed\n"a.jpg", cat\nb.jpg,dog\n',
        "filename,width,category\na.jpg,3,cat\nb.jpg,4,dog\n",
        "file|label\na.jpg|cat\nb.jpg|dog".encode("utf-16"),
        "\ufeffsep=;\r\nfile;label\r\na.jpg;cat\r\nb.jpg;dog\r\n",
    ],
)
def test_the_columns_have_their_usual_names(table, content):
    assert rows(table(content)) == TWO


def test_json_lines(table):
    path = table(
        '{"file_name": "a.jpg", "label": 3}\n\n{"file_name": "b", "label": null}', "x.jsonl"
    )
    assert rows(path) == [("a.jpg", "3", None), ("b", "", None)]


def test_a_column_for_the_part(table):
    path = table("file,label,split\na,cat,Train\nb,dog,test_set\nc,dog,fold3\n")
    first, second, third = read_table(path, bool)
    assert (part_of(first, path), part_of(second, path)) == ("train", "test")
    with pytest.raises(DataError, match="line 4: 'fold3' is not a part"):
        part_of(third, path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.jsonl", '{"file": "a", "label": 1}\n{"file": "b", "label": 2, "split": "test"}'),
        ("x.csv", "file,label,subset\na,1,\nb,2,test\n"),
    ],
)
def test_a_part_that_only_later_rows_name(table, name, content):
    path = table(content, name)
    first, second = read_table(path, bool)
    assert part_of(second, path) == "test"
    with pytest.raises(DataError, match="'' is not a part"):
        part_of(first, path)


def test_a_quote_that_is_never_closed(table):
    assert rows(table('file,label\n"a.jpg" ,cat\nb.jpg,"dog" \n')) == TWO
    path = table('file,label\na.jpg,cat\nb.jpg,"dog\nc.jpg,cat\n')
    with pytest.raises(DataError, match="line 3: a quote is opened and never closed"):
        read_table(path, bool)


def test_of_two_columns_for_the_file_the_one_that_exists(table):
    path = table("id,image,label\n1,a.jpg,cat\n2,b.jpg,dog\n")
    assert rows(path, there=("a.jpg",)) == TWO
    with pytest.raises(
        DataError, match="id and image could be the file: rename all but the right one"
    ):
        rows(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "holds no rows"),
        ("file,label\n", "holds no rows"),
        ("a.jpg,cat\nb.jpg,dog\n", "has no header: let its first line be file,label"),
        ("x,label\n1,cat\n", "no column is called file (columns: x, label): rename one"),
        ("file,x,y\na,1,2\n", "no column is called label (columns: x, y): rename one"),
        (
            "file,label,class\na,1,2\n",
            "label and class could be the label: rename all but the right one",
        ),
        ("file,label,label\na,1,2\n", "two columns are called 'label': rename one"),
        ("file,label\na\n", "line 2 has 1 columns, the first line 2"),
        ("file,label\na,b\nc,d,e\n", "line 3 has 3 columns, the first line 2"),
        (
            "file,label\na,b\nc,K\u00f6ter".encode("latin-1"),
            "line 3 is not UTF-8: save it as UTF-8",
        ),
        (b"file,label\na\0,b\n", "is not text"),
        ("file,label,set,split\na,b,train,test\n", "set and split could be the part"),
        ("file,label\n" + "x" * 200_000 + ",a", "line 2: field larger than field limit"),
    ],
)
def test_what_cannot_be_told_is_one_line(table, content, said):
    with pytest.raises(DataError) as raised:
        rows(table(content))
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[1]", "line 1 is not a JSON object"),
        ('{"file": "a", "label": "b"}\n{"file"', "line 2 is not a JSON object"),
        (
            '{"file": "a", "label": ["b", "c"]}',
            "line 1: label must be a single value, not a list or an object",
        ),
    ],
)
def test_json_lines_that_are_none(table, content, said):
    with pytest.raises(DataError, match=said):
        rows(table(content, "labels.jsonl"))


def test_where_tables_are_looked_for(table, tmp_path):
    table("", "notes.csv")
    assert find_tables(tmp_path) == []
    test, train = table("", "test.csv"), table("", "Train.csv")
    assert find_tables(tmp_path) == [train, test]
    labels = table("", "labels.tsv")
    assert find_tables(tmp_path) == [labels]
