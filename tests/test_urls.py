"""URLs are written down without what is secret in them."""

from __future__ import annotations

import pytest

from nin import urls
from nin.errors import DataError
from nin.urls import is_url, parse_url, without_credentials

SIGNED = "https://b.s3.amazonaws.com/x/train-000.tar"


@pytest.mark.parametrize("name", ["s3://b/x", "https://h/x.tar", "memory://x", "HTTPS://H/x"])
def test_what_is_a_url(name):
    assert is_url(name)


@pytest.mark.parametrize("name", ["photos", "/a/b", "C:/x", "a://b"[1:], "file:///a/b", "s3:/b/x"])
def test_what_is_none(name):
    assert not is_url(name)


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://anna:secret@host:8080/a/b.tar", "https://host:8080/a/b.tar"),
        ("https://ghp_token@host/a.tar", "https://host/a.tar"),
        ("s3://KEY:SECRET@bucket/a", "s3://bucket/a"),
        ("sftp://anna@host/a", "sftp://anna@host/a"),
        ("sftp://anna:p@ss@host/a", "sftp://host/a"),
        ("https://host/a@b.tar", "https://host/a@b.tar"),
        (f"{SIGNED}?X-Amz-Credential=AKIA%2F20&X-Amz-Date=2&X-Amz-Signature=0f", SIGNED),
        (f"{SIGNED}?AWSAccessKeyId=AKIA&Expires=1&Signature=ab%3D", SIGNED),
        (f"{SIGNED}?X-Goog-Signature=0f&x-goog-date=2", SIGNED),
        (
            "https://a.blob.core.windows.net/c?sv=2&sp=r&sr=b&sig=0f%3D",
            "https://a.blob.core.windows.net/c",
        ),
        ("https://host/get?id=5&token=0f&v=2", "https://host/get?id=5&v=2"),
        ("https://host/get?access_token=0f&api_key=1", "https://host/get"),
        ("https://host/{000..099}.tar", "https://host/{000..099}.tar"),
        ("HTTPS://anna:secret@host/a.tar", "https://host/a.tar"),
    ],
)
def test_what_is_secret_is_left_out(url, public):
    assert parse_url(url).public == public
    assert (
        without_credentials(f"{url}: not there, and {url}.")
        == f"{public}: not there, and {public}."
    )


@pytest.mark.parametrize("mark", [" ", "'", '"', "<", "|"])
@pytest.mark.parametrize("option", ["", "--init="])
def test_no_character_ends_the_url_of_an_argument(mark, option):
    for url, public in (
        (
            f"https://host/my{mark}shards/a.tar?sv=1&sig=SECRET",
            f"https://host/my{mark}shards/a.tar",
        ),
        (f"https://anna:p{mark}SECRET@host/a.tar", "https://host/a.tar"),
    ):
        assert urls.argument_without_credentials(option + url) == option + public
    assert urls.argument_without_credentials("data=https://a:SECRET@h/b") == "data=https://h/b"


def test_messages_hold_no_secrets():
    error = DataError(f"{SIGNED}?X-Amz-Signature=0f: is damaged", "try https://anna:secret@host/b")
    assert str(error) == f"{SIGNED}: is damaged: try https://host/b"


def test_each_user_of_a_host_is_asked_for_what_is_theirs(monkeypatch):
    monkeypatch.setattr(urls, "_users", {})
    public = [urls.remember(f"https://{each}") for each in ("ann:1@h/a/x.tar", "bob:2@h/b/y.tar")]
    assert public == ["https://h/a/x.tar", "https://h/b/y.tar"]
    assert urls.with_secrets("https://h/a/x.tar") == "https://ann:1@h/a/x.tar"
    assert urls.with_secrets("https://h/b/z.tar") == "https://bob:2@h/b/z.tar"
    assert urls.with_secrets("https://other/a/x.tar") == "https://other/a/x.tar"
    for name in ("ann:1@h/b/c/1.tar", "bob:2@h/b/d/2.tar"):
        assert urls.with_secrets(urls.remember(f"https://{name}")) == f"https://{name}"
    assert urls.with_secrets("https://h/b/c/2.tar") == "https://ann:1@h/b/c/2.tar"
    urls.remember("https://ann:corrected@h/e")
    assert urls.with_secrets("https://h/a/x.tar") == "https://ann:corrected@h/a/x.tar"
    assert urls.with_secrets("https://h/b/z.tar") == "https://bob:2@h/b/z.tar"
