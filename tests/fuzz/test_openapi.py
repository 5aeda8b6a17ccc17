"""Every operation of the OpenAPI document, with what its schema allows and what it forbids: never a server error, and
never an answer that the document does not describe.
"""

import json
import re
from collections import Counter
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import given
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi import checks

from nexus_site.reference.refusals import every
from nexus_site.rest.docs import document
from tests.figures import figure
from tests.fuzz.arena import FIELDS, Arena, shaped
from tests.fuzz.budget import part

pytestmark = pytest.mark.slow

CHECKS = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
REFUSALS = {(refusal.code, refusal.status) for refusal in every()}
STREAM, MCP = "GET /api/v1/events/stream", "POST /api/v1/mcp"
PATIENCE, LONGEST = 60, 16_000


def described() -> Any:
    """Return the document, with operations that take what they are told of keys: everything is sent with one or none."""
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_dict(json.loads(document()), config=config)


OPERATIONS = {found.ok().label: found.ok() for found in described().get_all_operations()}
seeds = st.lists(st.none() | st.integers(0, 63), min_size=4, max_size=4)


@pytest.fixture(scope="module")
def sent(arena: Arena) -> Any:
    """Count the requests, and print the figure at the end."""
    answers: Counter[int] = Counter()
    yield answers
    shown = ", ".join(f"{status}: {count:,}" for status, count in sorted(answers.items()))
    figure("T", "requests fuzzed over the OpenAPI document", f"{answers.total():,} ({shown}), no server error")


def planted(case: Any, arena: Arena, numbers: list[int | None]) -> None:
    """Put names of things that exist in the places of what was made up, so that operations come further."""
    places = [part for part in (case.path_parameters, case.query, case.body) if isinstance(part, dict)]
    left = iter(numbers)
    for place in places:
        for field in [name for name in place if name in FIELDS]:
            number = next(left, None)
            if number is not None:
                place[field] = arena.name(field, number)


def hastened(case: Any) -> None:
    """Let a wait be short, unless what it takes is nonsense anyway."""
    name = "wait" if case.operation.path.endswith("/wake") else "timeout_seconds"
    if case.operation.path.endswith(("/wait", "/wake")):
        asked = case.query.get(name)
        if asked is None or re.fullmatch(r"[\d.]+", str(asked)):
            case.query[name] = 0.01


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize("label", [label for label in OPERATIONS if label != STREAM])
def test_an_operation_answers_what_the_document_says(arena: Arena, sent: Counter[int], label: str, mode: Any):
    with requests.Session() as session:

        @part(0.24)
        @given(case=OPERATIONS[label].as_strategy(generation_mode=mode), numbers=seeds, is_operator=st.booleans())
        def fuzzed(case: Any, numbers: list[int | None], is_operator: bool) -> None:
            planted(case, arena, numbers)
            hastened(case)
            headers = arena.operator.headers if is_operator and label != MCP else arena.alice.headers
            answer = case.call(base_url=arena.server.url, session=session, headers=headers, timeout=PATIENCE)
            sent[answer.status_code] += 1
            if answer.status_code == 400 and len(answer.request.url) > LONGEST:
                return  # the web server's own word for a URL that is too long
            assert answer.status_code != 415 or is_operator or mode is not GenerationMode.POSITIVE
            case.validate_response(answer, checks=CHECKS)
            judged(answer, label)
            arena.learn(answer.json() if answer.status_code < 300 and answer.content else None)

        fuzzed()


def judged(answer: Any, label: str) -> None:
    """Assert that a refusal is one of those that the reference lists, with its status."""
    if answer.status_code < 400:
        return
    error = answer.json()
    if label == MCP and "jsonrpc" in error:
        assert error["error"]["code"] != -32603
        shaped({"error": error["error"]["data"]})
        return
    assert (shaped(error)["code"], answer.status_code) in REFUSALS


@part(0.5)
@given(
    after=st.sampled_from(["", "cursor"]) | st.text(max_size=20), types=st.text(max_size=20), number=st.integers(0, 63)
)
def test_the_stream_of_events_begins_or_is_refused(
    arena: Arena, sent: Counter[int], after: str, types: str, number: int
):
    query = {"after": arena.name("after", number) if after == "cursor" else after, "types": types}
    url, headers = f"{arena.server.url}/api/v1/events/stream", arena.alice.headers
    with requests.get(url, params=query, headers=headers, stream=True, timeout=PATIENCE) as answer:
        sent[answer.status_code] += 1
        if answer.status_code == 200:
            assert answer.headers["Content-Type"] == "text/event-stream"
            assert next(answer.iter_lines()) == b": nexus"
        judged(answer, STREAM)
