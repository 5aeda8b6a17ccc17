"""What reads text from outside gives back what was written, or says in one way what is wrong: never another exception."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bus import cursors, door, ids, text
from bus.api.routes import _query
from bus.directory import directory
from bus.errors import InvalidInput, Refusal
from bus.schemas.address import To
from bus.schemas.base import Answer, Instant, UtcTime
from dashboard import drafts
from dashboard.acting import fields
from dashboard.look import Look
from handoffs import globs
from nexus_site import guard
from nexus_site.frames.connection import Frame, _frame
from nexus_site.frames.member import Hello
from nexus_site.mcp import tools
from nexus_site.mcp.faults import Fault
from nexus_site.mcp.messages import accepts_json, parsed
from tests.fuzz.budget import part
from tests.fuzz.oddities import JSON, TEXTS, URL_TEXTS, deep

OPERATIONS = sorted(door.published())
LONG = st.integers(-(2**63), 2**63 - 1)
KINDS = st.sampled_from(["events", "messages", ""]) | st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
BYTES = st.binary(max_size=60) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))


class At(Answer):
    """An instant as every answer shows it."""

    at: UtcTime


# Cursors, keys and ids


@part(2)
@given(kind=KINDS, position=st.lists(LONG, min_size=1, max_size=3))
def test_a_cursor_gives_back_its_position_and_only_in_its_own_list(kind, position):
    cursor = cursors.encode(kind, *position)
    assert cursors.decode(kind, cursor, len(position)) == tuple(position)
    for wrong in ((kind + "x", len(position)), (kind, len(position) + 1)):
        with pytest.raises(InvalidInput):
            cursors.decode(wrong[0], cursor, wrong[1])


@part(2)
@given(
    sent=TEXTS | st.binary(max_size=80).map(lambda raw: "cur_" + raw.hex()),
    place=st.integers(0, 60),
    letter=st.text(max_size=1),
)
def test_another_cursor_is_refused(sent, place, letter):
    with pytest.raises(InvalidInput):
        cursors.decode("events", sent)
    good = cursors.encode("events", 7)
    changed = good[:place] + letter + good[place + 1 :]
    assume(changed.removeprefix("cur_").rstrip("=") != good.removeprefix("cur_"))
    with pytest.raises(InvalidInput):
        cursors.decode("events", changed)


@part(2)
@given(place=st.integers(0, 100), letter=st.text(min_size=1, max_size=1), other=TEXTS)
def test_only_the_whole_text_of_a_key_opens_anything(alice, keys, place, letter, other):
    key = keys["alice"]
    assert directory.key(key) is not None
    changed = key[:place] + letter + key[place + 1 :]
    for wrong in (changed, other, key + letter, letter + key, key[:-1], f"nxs_{key.split('_')[1]}_{other}"):
        assert wrong == key or directory.key(wrong) is None


@part(2)
@given(early=st.integers(10**12, 3 * 10**13), later=st.integers(1, 10**12))
def test_ids_are_in_the_order_of_time_and_an_instant_divides_them(early, later):
    first, second = (datetime.fromtimestamp(at // 1000, UTC) for at in (early, early + later + 1000))
    assert ids.new("msg", first) < ids.since("msg", second) <= ids.new("msg", second)


# Orders


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_order_is_whole_or_says_what_is_wrong(name):
    entry = door.find(name)
    known = st.sampled_from(list(entry.order.model_fields))
    generated = st.dictionaries(known | TEXTS, JSON, max_size=6)

    @part(0.6)
    @given(arguments=generated)
    def fuzzed(arguments) -> None:
        try:
            order = door.checked(entry, arguments)
        except InvalidInput as refusal:
            json.dumps(refusal.shape()).encode()
            return
        assert isinstance(order, entry.order)
        order.model_dump_json()

    fuzzed()


@part(4)
@given(to=JSON | st.dictionaries(st.sampled_from(["capability", "role", "tag", "agent"]), JSON, max_size=3))
def test_an_address_that_is_taken_says_the_same_when_it_is_read_again(to):
    order = {"to": to, "subject": "x", "body": "x"}
    try:
        checked = door.checked(door.find("message_create"), order)
    except InvalidInput:
        return
    adapter: Any = TypeAdapter(To)
    if checked.to is not None:
        written = adapter.dump_json(checked.to, exclude_none=True)
        assert adapter.dump_json(adapter.validate_json(written), exclude_none=True) == written


# Times


@part(2)
@given(at=st.datetimes(timezones=st.timezones()))
def test_an_instant_gives_back_the_same_millisecond(at):
    try:
        written = json.loads(At(at=at).json_text())["at"]
    except OverflowError:
        assume(False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)
    back = TypeAdapter(Instant).validate_python(written)
    assert timedelta(0) <= at.astimezone(UTC) - back < timedelta(milliseconds=1)


@part(2)
@given(sent=TEXTS | st.floats() | st.integers(-(2**70), 2**70), name=st.sampled_from(["at", "from", "to"]))
def test_a_time_of_a_url_is_a_time_in_utc_or_is_refused(sent, name):
    look = Look(None, None, QueryDict(mutable=True), "/")  # type: ignore[arg-type]
    look.query[name] = str(sent)
    try:
        at = look.instant(name)
    except InvalidInput:
        return
    assert at is None or at.utcoffset() == timedelta(0)
    number = look.number(name)
    assert number is None or 0 <= number < 10**18


# Paths


@part(4)
@given(sent=TEXTS | st.text(alphabet="a/.*?", max_size=30), path=st.text(alphabet="a/.*?", max_size=30))
def test_a_glob_is_in_its_normal_form_or_is_refused(sent, path):
    try:
        normal = globs.check(sent)
    except InvalidInput:
        return
    assert globs.check(normal) == normal
    assert globs.overlap(normal, normal)
    assert isinstance(globs.matches(normal, path), bool)


@part(1)
@given(sent=URL_TEXTS)
def test_a_place_is_found_or_is_refused(do, attempt, alice, sent):
    for field in ("project_root", "alias", "git_remote"):
        answer = attempt("workspace_resolve", alice, **{field: sent})
        assert isinstance(answer, Answer | Refusal), answer


# What surfaces read


@part(6)
@given(
    body=BYTES
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.dictionaries(TEXTS, JSON).map(lambda each: json.dumps({"jsonrpc": "2.0", "id": 1, **each}).encode())
)
def test_an_envelope_is_one_message_or_a_fault(body):
    try:
        message = parsed(body)
    except Fault as fault:
        said = json.loads(fault.body())
    else:
        said = {"error": {"data": {"hint": "none needed"}}}
        assert message["jsonrpc"] == "2.0"
        assert {"method", "result", "error"} & set(message)
    assert said["error"]["data"]["hint"]


@pytest.mark.parametrize("levels", [199, 201, 1_000, 100_000])
def test_depth_is_bounded_where_json_is_read(levels):
    for text_ in ("[" * levels + "]" * levels, '{"a":' * levels + "1" + "}" * levels):
        with pytest.raises(Fault):
            parsed(text_.encode())
        with pytest.raises(InvalidInput):
            _frame({"type": "websocket.receive", "text": text_})
    with pytest.raises(Fault):
        parsed(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "x", "params": deep(250)}).encode())


@part(4)
@given(
    sent=URL_TEXTS
    | BYTES
    | JSON.map(json.dumps)
    | st.dictionaries(st.sampled_from(["type", "ref", "x"]), JSON).map(json.dumps)
)
def test_a_frame_is_an_object_with_a_type_or_is_refused(sent):
    part_ = "text" if isinstance(sent, str) else "bytes"
    try:
        frame = _frame({"type": "websocket.receive", part_: sent})
    except InvalidInput:
        return
    assert isinstance(frame, Frame)
    assert isinstance(frame.type, str)


@part(4)
@given(query=BYTES)
def test_what_a_url_chooses_is_read_or_is_refused(query):
    tools.choice.cache_clear()
    for read in (
        tools.choice,
        lambda raw: Hello.from_request({"query_string": raw, "nexus.headers": {}, "nexus.doubled": set()}),
    ):
        try:
            read(query)
        except Refusal as refusal:
            json.dumps(refusal.shape())
    assert isinstance(accepts_json(query), bool)
    assert isinstance(guard._is_ours(query, ("127.0.0.1",)), bool)


@part(2)
@given(pairs=st.lists(st.tuples(URL_TEXTS, URL_TEXTS), max_size=5), operation=st.sampled_from(OPERATIONS))
def test_a_query_and_a_form_become_an_order_or_are_refused(pairs, operation):
    form = [(name, value) for name, value in pairs] + [("payload.json", value) for _, value in pairs]
    query = QueryDict(mutable=True)
    for name, value in form:
        query.appendlist(name, value)
    request = RequestFactory().get("/?" + query.urlencode())
    assert set(_query(request, frozenset({"messages"}))) <= set(query)
    request = RequestFactory().post("/", query.urlencode(), content_type="application/x-www-form-urlencoded")
    try:
        order = fields(request, operation)
        door.checked(door.find(operation), order)
    except InvalidInput:
        pass
    drafted = drafts.typed(request.POST, "atlas")
    assert set(drafted.order) <= {
        *door.find("handoff_create").order.model_fields,
        *door.find("message_create").order.model_fields,
    }


@part(2)
@given(sent=TEXTS, limit=st.integers(0, 50))
def test_what_is_shown_hides_nothing_and_can_be_sent(sent, limit):
    shown = text.visible(sent)
    shown.encode()
    assert text.visible(shown) == shown
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown)
    assert text.shorten(shown, limit)[0] == shown[:limit]
    assert text.utf8_size(sent) >= len(sent)
