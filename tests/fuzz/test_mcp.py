"""Every tool in both eras with arguments from its schema and against it, and envelopes of every kind: an answer of the
operation's schema or a typed refusal, never an internal error.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from bus import door
from nexus_site.mcp import tools
from nexus_site.reference.refusals import every
from tests.figures import figure
from tests.fuzz.arena import FIELDS, Arena, shaped
from tests.fuzz.budget import part
from tests.fuzz.oddities import JSON, SCALARS, TEXTS, deep
from tests.fuzz.speaking import ERAS, Speaker, known_error
from tests.protocol.wires import META, call, rpc

pytestmark = pytest.mark.slow

TOOLS = {
    tool["name"]: tool["inputSchema"]
    for tool in tools.listed(tuple(dict.fromkeys(each.toolset for each in door.published().values())))
}
CODES = {refusal.code for refusal in every()}
METHODS = [
    *("initialize", "ping", "tools/list", "tools/call", "resources/list", "resources/read", "resources/templates/list"),
    *("resources/subscribe", "resources/unsubscribe", "subscriptions/listen", "prompts/list", "prompts/get"),
    *("completion/complete", "logging/setLevel", "server/discover", "notifications/initialized"),
    *("notifications/cancelled", "notifications/progress", "sampling/createMessage", "roots/list", "tasks/get"),
]
URIS = [
    "nexus://inbox",
    "nexus://handoffs",
    "nexus://handoff/",
    "nexus://message/",
    "nexus://reference/tools",
    "file:///etc",
]
TYPED = {
    "array": st.lists(JSON, max_size=3),
    "boolean": st.booleans(),
    "integer": st.integers(-2, 400) | st.integers(-(2**70), 2**70),
    "null": st.none(),
    "number": st.floats(-1, 400, allow_nan=False),
    "object": st.dictionaries(st.sampled_from(["capability", "role", "tag", "agent"]) | TEXTS, JSON, max_size=3),
    "string": TEXTS,
}


def values(shape: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return values of a schema as tools list it."""
    if "enum" in shape:
        return st.sampled_from(shape["enum"])
    if "anyOf" in shape:
        return st.one_of([values(each) for each in shape["anyOf"]])
    if shape.get("type") == "array" and shape.get("items"):
        return st.lists(values(shape["items"]), max_size=4)
    return TYPED[shape["type"]] if "type" in shape else JSON


def arguments(schema: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return what the schema allows, and the same with something that it does not."""
    shapes = {
        name: values(shape) | st.integers(0, 63).map(Seed) if name in FIELDS else values(shape)
        for name, shape in schema["properties"].items()
    }
    needed = {name: shapes.pop(name) for name in schema.get("required", ())}
    right = st.fixed_dictionaries(needed, optional=shapes)
    return right | st.builds(
        lambda good, wrong: {**good, **wrong},
        right,
        st.dictionaries(
            st.sampled_from([*schema["properties"], "workspace", "idempotency_key", "from"]) | TEXTS, JSON, max_size=2
        ),
    )


class Seed(int):
    """The place of a thing that exists."""


def sown(name: str, given: dict[str, Any], arena: Arena) -> dict[str, Any]:
    """Name things that exist, and let a wait be short."""
    order = {field: arena.name(field, value) if isinstance(value, Seed) else value for field, value in given.items()}
    if door.find(name).kind == "wait":
        order |= {field: 0.01 for field in ("timeout_seconds", "wait") if field in door.find(name).order.model_fields}
    return order


@pytest.fixture(scope="module")
def speakers(arena: Arena) -> Iterator[dict[str, Speaker]]:
    speakers = {era: Speaker(arena, era) for era in ERAS}
    yield speakers
    total = sum((speaker.answers.total() for speaker in speakers.values()), 0)
    figure("T", "MCP messages fuzzed in both eras", f"{total:,}, no internal error")


@pytest.fixture(params=ERAS)
def speaker(request: pytest.FixtureRequest, speakers: dict[str, Speaker]) -> Speaker:
    return speakers[request.param]


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_answers_what_its_operation_says_or_refuses(arena: Arena, speaker: Speaker, name: str):
    schema = Draft202012Validator(door.find(name).answer.model_json_schema(mode="serialization"))

    @part(0.1)
    @given(given_=arguments(TOOLS[name]))
    def fuzzed(given_: dict[str, Any]) -> None:
        answer = speaker.say(call(name) | {"params": {"name": name, "arguments": sown(name, given_, arena)}})
        if "error" in answer:
            assert known_error(answer)["code"] == -32700  # half a character, or too deep
            return
        result = answer["result"]
        said = result["structuredContent"]
        assert json.loads(result["content"][0]["text"]) == said
        if result.get("isError"):
            assert shaped(said)["code"] in CODES
            return
        schema.validate(said)
        arena.learn(said)

    fuzzed()


PARAMS = st.one_of(
    st.fixed_dictionaries({"name": st.sampled_from(list(TOOLS)) | SCALARS, "arguments": JSON | st.just({})}).filter(
        lambda params: not str(params["name"]).endswith("_wait")
    ),
    st.fixed_dictionaries({"uri": st.sampled_from(URIS) | TEXTS.map(lambda text: "nexus://handoff/" + text) | SCALARS}),
    st.fixed_dictionaries({"_meta": JSON, "cursor": JSON}),
    st.fixed_dictionaries({"requestId": SCALARS, "reason": TEXTS, "progressToken": SCALARS, "progress": SCALARS}),
    st.fixed_dictionaries({"protocolVersion": TEXTS, "capabilities": JSON, "clientInfo": JSON}),
    JSON,
)
IDS = st.integers(-(2**70), 2**70) | TEXTS | JSON
ENVELOPES = st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "2.0", "2.0", "1.0", 2.0, None])},
    optional={
        "id": st.just(1) | IDS,
        "method": st.sampled_from(METHODS) | TEXTS | SCALARS,
        "params": PARAMS,
        "result": JSON,
        "error": JSON,
    },
)


def judged(answer: Any) -> None:
    """Assert that an answer is a JSON-RPC message, and no internal error."""
    if answer is None:
        return
    assert answer["jsonrpc"] == "2.0"
    if "error" in answer:
        known_error(answer)
    elif isinstance(answer.get("result"), dict) and answer["result"].get("isError"):
        shaped(answer["result"]["structuredContent"])


@part(3)
@given(message=ENVELOPES | st.lists(ENVELOPES, max_size=3) | JSON)
def test_an_envelope_is_answered_by_the_protocol(speaker: Speaker, message: Any):
    judged(speaker.say(message))


WHOAMI = json.dumps(rpc("tools/call", {"name": "whoami", "arguments": {}, "_meta": META})).encode()
RAW = {
    "nothing": b"",
    "blanks": b" \r\n\t ",
    "bad UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"\xff\xfe"}',
    "overlong UTF-8": b'{"jsonrpc":"2.0","id":"\xc0\xaf","method":"ping"}',
    "half a character": b'{"jsonrpc":"2.0","id":1,"method":"\\ud800"}',
    "a byte order mark": b"\xef\xbb\xbf" + WHOAMI,
    "UTF-16": WHOAMI.decode().encode("utf-16"),
    "a NUL": WHOAMI + b"\x00",
    "two messages": WHOAMI + WHOAMI,
    "cut off": WHOAMI[:-9],
    "a batch": b"[" + WHOAMI + b"," + WHOAMI + b"]",
    "an empty batch": b"[]",
    "an id twice": b'{"jsonrpc":"2.0","id":1,"id":{},"method":"ping"}',
    "a method twice": b'{"jsonrpc":"2.0","id":1,"method":7,"method":"ping"}',
    "a huge id": b'{"jsonrpc":"2.0","id":' + b"9" * 5000 + b',"method":"ping"}',
    "a long id": b'{"jsonrpc":"2.0","id":"' + b"x" * 100_000 + b'","method":"ping"}',
    "a fraction as id": b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}',
    "NaN": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":NaN}}',
    "infinity": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1e999}}',
    "deep lists": b'{"jsonrpc":"2.0","id":1,"method":"ping","params":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep objects": json.dumps(rpc("tools/call", {"name": "help", "arguments": deep(180)})).encode(),
    "deep and open": b'{"a":' * 100_000,
    "many keys": json.dumps(
        rpc("tools/call", {"name": "help", "arguments": {f"k{n}": n for n in range(20_000)}})
    ).encode(),
    "one megabyte": json.dumps(rpc("tools/call", {"name": "help", "arguments": {"about": "x" * 1_048_000}})).encode(),
    "more than a megabyte": json.dumps(rpc("ping", {"about": "x" * 1_100_000})).encode(),
}


@pytest.mark.parametrize("kind", RAW)
def test_bytes_of_any_kind_are_answered_by_the_protocol(speaker: Speaker, kind: str):
    headers = {"Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": "tools/call", "Mcp-Name": "whoami"}
    judged(speaker.send(RAW[kind], headers if speaker.era == "modern" else {}))
    answer = speaker.say(call("whoami"))
    assert answer["result"]["structuredContent"]["agent"] == "alice"
