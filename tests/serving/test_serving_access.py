"""Who may use a server: by its names, from which web pages."""

import pytest
from server_cases import picture

from nin.errors import NinError
from nin.serving.access import checked_hosts, checked_origins

OWN = "http://test"
OTHER = "https://example.org"


def post(client, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/predict", content=picture(), headers=names)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"origin": OWN}, 200),
        ({"origin": OWN, "sec_fetch_site": "same-origin"}, 200),
        ({"sec_fetch_site": "none"}, 200),
        ({"origin": OTHER}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://test.example.org"}, 403),
        ({"origin": OTHER, "sec_fetch_site": "cross-site"}, 403),
        ({"origin": OWN, "sec_fetch_site": "cross-site"}, 403),
        ({"origin": "http://test:81", "sec_fetch_site": "same-site"}, 403),
    ],
)
def test_pages_of_other_origins_do_not_make_it_work(client, headers, status):
    response = post(client, **headers)
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["x-content-type-options"] == "nosniff"
    if status == 403:
        assert "--allow-origin" in response.json()["detail"]


def test_pages_of_other_origins_get_what_makes_no_work_and_cannot_read_it(client):
    response = client.get("/model", headers={"origin": OTHER, "sec-fetch-site": "cross-site"})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers
    assert response.headers["cross-origin-resource-policy"] == "same-origin"


def test_origins_that_were_named_may_ask(open_app):
    client = open_app(origins=[OTHER]).client
    for more in ({}, {"sec_fetch_site": "cross-site"}):
        accepted = post(client, origin=OTHER, **more)
        assert accepted.status_code == 200
        assert accepted.headers["access-control-allow-origin"] == OTHER
    other = post(client, origin="https://a.b")
    assert other.status_code == 403
    assert "access-control-allow-origin" not in other.headers
    assert post(open_app(origins=["*"]).client, origin="https://a.b").status_code == 200


def test_an_origin_is_what_a_browser_states():
    origins = ("*", "null", "https://a.org", "http://localhost:8080", "http://[::1]:8080")
    assert checked_origins(origins) == origins


#: Host headers that no page can bring about by pointing a name of its own at this machine.
OWN_NAMES = ["127.0.0.1", "127.0.0.1:8000", "[::1]:8000", "localhost:1", "LOCALHOST", "service:80"]


@pytest.mark.parametrize("host", [*OWN_NAMES, "10.0.0.7:8000", "a.localhost", "localhost."])
def test_it_is_reached_by_its_own_names(open_app, host):
    client = open_app(hosts=checked_hosts((), "127.0.0.1")).client
    assert post(client, host=host).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example:8000",
        "127.0.0.1.x.y",
        "[::1].evil.example",
        "[::1]:80.evil.example",
        "[evil.example]",
        "[::1",
        "localhost:80.evil.example",
    ],
)
def test_it_is_not_reached_by_a_foreign_name(open_app, host):
    client = open_app(hosts=checked_hosts((), "127.0.0.1")).client
    response = post(client, host=host)
    assert response.status_code == 421
    assert "--allow-host" in response.json()["detail"]
    assert response.headers["content-security-policy"]


def test_names_that_are_allowed(open_app):
    client = open_app(hosts=checked_hosts(("API.example.org", "*.lan.example"), "::1")).client
    for host, status in {
        "api.example.org": 200,
        "Api.Example.Org:8443": 200,
        "a.b.lan.example": 200,
        "lan.example": 421,
        "example.org": 421,
        "127.0.0.1": 200,
    }.items():
        assert post(client, host=host).status_code == status, host


def test_where_any_name_will_do():
    assert checked_hosts((), "0.0.0.0") is None
    assert checked_hosts(("*",), "127.0.0.1") is None
    assert checked_hosts(("a.example",), "0.0.0.0") == ("a.example", "0.0.0.0")


@pytest.mark.parametrize("name", ["https://a.org", "a.org:80", "a.org/x", "", "-a.org", "a..b"])
def test_what_is_no_host(name):
    with pytest.raises(NinError, match="--allow-host"):
        checked_hosts((name,), "127.0.0.1")


def test_a_length_that_is_stated_twice_closes_the_connection(client):
    both = {"transfer-encoding": "chunked", "content-length": "4"}
    response = client.post("/predict", content=picture(), headers=both)
    assert response.headers["connection"] == "close"
    assert "connection" not in post(client).headers


def test_once_it_stops_connections_close_with_their_next_response(open_app):
    app = open_app()
    assert "connection" not in post(app.client).headers
    app.service.is_ready = False
    assert post(app.client).status_code == 200
    assert post(app.client).headers["connection"] == "close"


@pytest.mark.parametrize(
    "origin", ["https://a.org:443", "http://[::1]:80", "https://b\u00fccher.example"]
)
def test_what_no_browser_states_is_refused(origin):
    with pytest.raises(NinError, match="--allow-origin"):
        checked_origins([origin])


def test_a_loopback_address_however_it_is_written():
    assert checked_hosts((), "127.1") == ("127.1",)
    assert checked_hosts((), "192.0.2.1") is None
