"""Search over REST and MCP: the same answer, by the names that agents write."""

import json

NOTE = {"to": "bob", "subject": "Trailing commas", "body": "The parser takes them."}


async def called(client, **arguments):
    """Return what the tool answers, as one block of text and as structure."""
    call = {"name": "search", "arguments": arguments}
    answer = await client.post("/mcp", jsonrpc="2.0", id=1, method="tools/call", params=call)
    return answer["result"]


async def test_rest_and_mcp_give_the_same_answer(rest, alice, bob):
    await rest("alice").post("/messages", **NOTE)
    over_rest = await rest("bob").get("/search", query='"trailing commas" pars*', kinds="message,handoff", limit=5)
    asked = {"query": '"trailing commas" pars*', "kinds": ["message", "handoff"], "from": "alice"}
    over_mcp = await called(rest("bob"), **asked)
    assert over_mcp["structuredContent"] == over_rest
    assert json.loads(over_mcp["content"][0]["text"]) == over_rest
    (hit,) = over_rest["results"]
    assert (hit["kind"], hit["from"], hit["title"]) == ("message", "alice", "Trailing commas")
    assert [hit["snippet"][start:end] for start, end in hit["hits"]] == ["pars"]
    assert "next_cursor" not in over_rest


async def test_pages_go_on_by_the_cursor(rest, alice, bob):
    for _ in range(3):
        await rest("alice").post("/messages", **NOTE)
    first = await rest("bob").get("/search", query="commas", limit=2)
    second = await rest("bob").get("/search", query="commas", limit=2, cursor=first["next_cursor"])
    assert len({hit["id"] for hit in [*first["results"], *second["results"]]}) == 3


async def test_what_is_no_question_is_refused(rest, alice, assert_refused):
    assert_refused(await rest("alice").get("/search"), "invalid_input")
    assert_refused(await rest("alice").get("/search", query=""), "invalid_input")
    assert_refused(await rest("alice").get("/search", query="a", kinds="event"), "invalid_input")
    assert_refused(await rest("alice").get("/search", query="a", limit=51), "invalid_input")


async def test_others_find_nothing(rest, alice, bob, carol, mallory):
    await rest("alice").post("/messages", **NOTE)
    for name in ("carol", "mallory"):
        assert (await rest(name).get("/search", query="commas"))["results"] == []
        assert (await called(rest(name), query="commas"))["structuredContent"]["results"] == []
