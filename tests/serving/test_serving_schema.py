"""Requests made from the OpenAPI description: whatever it allows or forbids is handled so."""

import json
import re

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi import checks
from server_cases import picture

FORM = [checks.response_schema_conformance, checks.content_type_conformance]
PATHS = ["/model", "/healthz", "/readyz", "/metrics"]
PATHS += ["/v2", "/v2/health/live", "/v2/health/ready"]
MODEL = "/v2/models/{name}"
FORMS = [MODEL, f"{MODEL}/versions/{{version}}"]
PICTURES = st.builds(
    picture,
    st.integers(0, 255),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.sampled_from(["PNG", "JPEG", "WEBP", "BMP", "TIFF"]),
)


@pytest.fixture
def described(open_app):
    return schemathesis.openapi.from_asgi("/openapi.json", open_app())


def statuses_of(operation, examples, *, mode=GenerationMode.POSITIVE, **fixed):
    """Call as the description says, some times, and return the statuses of the responses."""
    statuses = []

    @given(operation.as_strategy(generation_mode=mode, **fixed))
    @settings(max_examples=examples, deadline=None, suppress_health_check=[*HealthCheck])
    def ask(case):
        assume([] not in (case.query or {}).values())  # Nothing of such a parameter is sent.
        # Not all bytes are a picture, which a schema cannot say.
        apart = [schemathesis.checks.positive_data_acceptance]
        response = case.call_and_validate(excluded_checks=apart)
        statuses.append(response.status_code)

    ask()
    return statuses


@pytest.mark.slow
def test_the_description_names_every_response(described):
    of_the_network = {f"{form}{end}" for form in FORMS for end in ("", "/ready", "/infer")}
    assert {*described} == {"/predict", *PATHS, *of_the_network}
    responses = described["/predict"]["POST"].definition.raw["responses"]
    refusals = {"403", "408", "413", "415", "421", "422", "500", "503", "504"}
    assert {*responses} == {"200", *refusals}
    metadata = described[MODEL]["GET"].definition.raw["responses"]
    assert {*metadata} == {"200", "404"}


def test_the_description_names_no_schema_that_it_lacks(client):
    text = client.get("/openapi.json").text
    schemas = json.loads(text)["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert "InferenceRequest" in named
    assert named <= {*schemas}


@pytest.mark.parametrize("path", PATHS)
def test_what_can_be_read(described, path):
    assert {*statuses_of(described[path]["GET"], 5)} == {200}


@pytest.mark.parametrize("kind", ["image/*", "application/octet-stream", "multipart/form-data"])
def test_any_bytes_are_handled_as_described(described, kind):
    statuses = statuses_of(described["/predict"]["POST"], 20, media_type=kind)
    assert {*statuses} <= {200, 413, 415, 422}


def test_any_picture_is_handled_whatever_is_requested(described):
    @given(st.data())
    @settings(max_examples=20, deadline=None, suppress_health_check=[*HealthCheck])
    def ask(data):
        strategy = described["/predict"]["POST"].as_strategy(media_type="image/*")
        case = data.draw(strategy)
        case.body = data.draw(PICTURES)
        assert case.call_and_validate(checks=FORM).status_code == 200

    ask()


def test_what_the_description_forbids_is_refused(described):
    statuses = statuses_of(described["/predict"]["POST"], 20, mode=GenerationMode.NEGATIVE)
    assert {*statuses} <= {405, 413, 415, 422}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("end", ["", "/ready"])
def test_what_the_protocol_says_of_the_network(described, form, end):
    operation = described[form + end]["GET"]
    assert {*statuses_of(operation, 5, path_parameters={"name": "shades", "version": "1"})} == {200}
    assert {*statuses_of(operation, 5, path_parameters={"name": "other", "version": "1"})} == {404}


@pytest.mark.parametrize("kind", ["application/json", "application/octet-stream"])
def test_any_request_of_the_protocol_is_handled_as_described(described, kind):
    operation = described[f"{MODEL}/infer"]["POST"]
    statuses = statuses_of(operation, 20, path_parameters={"name": "shades"}, media_type=kind)
    assert {*statuses} <= {200, 400, 413, 415, 422}
