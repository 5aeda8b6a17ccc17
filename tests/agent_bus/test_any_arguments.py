"""Whatever JSON a tool is given, it answers, or refuses with a code of the family and a plain sentence."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nexus_site.agent_bus.tools import TOOLS, call

pytestmark = pytest.mark.usefixtures("committed")

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
RAW = ("pydantic", "Input should", "Value error", "validation error", "Traceback", "codec", "Expecting", "SQL", "fts5")
CODES = {"TOPIC_NOT_FOUND", "INVALID_ARGUMENT", "TOO_DEEP"}
texts = st.one_of(
    st.text(max_size=70), st.sampled_from(["x" * 300, "a\x00b", "\ud800", '"', "[", "{}", "null", "-1", "1e9"])
)
plain = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), texts)
values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=6
)
items = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(("content_markdown", "message_type", "reply_to", "metadata", "client_message_id"), values),
)


@st.composite
def arguments(draw, name):
    """Return arguments of a tool, most of them wrong."""
    found = {each: draw(values) for each in TOOLS[name].arguments if draw(st.booleans())}
    if "outbox" in TOOLS[name].arguments and draw(st.booleans()):
        found["outbox"] = draw(st.one_of(st.lists(items, max_size=3), items, items.map(json.dumps)))
    return found | draw(st.dictionaries(texts, values, max_size=1))


@pytest.mark.parametrize("name", TOOLS)
@given(st.data())
@SHARED
def test_any_arguments_are_answered(alice, name, data):
    reply = asyncio.run(call(name, alice, data.draw(arguments(name))))
    structured = json.loads(reply.structured)
    assert reply.text
    if not reply.is_error:
        assert "error" not in structured
        return
    assert structured["error"]["code"] in CODES, structured
    assert structured["error"]["message"] == reply.text
    assert not [word for word in RAW if word in reply.text], reply.text
