"""With bob's key nothing of alice's or of another workspace can be read, pulled, guessed, counted or changed."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import Any

import httpx2
import pytest

from bus import door
from nexus_site.cli.routes import route_of
from nexus_site.frames.conversation import Conversation
from tests.figures import figure
from tests.live.servers import MODERN, Rest, Server, mcp_tools, play
from tests.live.sockets import frames
from tests.live.test_sessions import McpSession, rpc
from tests.security.foreign import CASES, KINDS, PLAIN, UNKNOWN, Case, order, told
from tests.security.strangers import Names

pytestmark = pytest.mark.slow

# What REST and sockets have beside the operations; each has a test of its own below.
BESIDE_REST = {"event_stream", "mcp"}
BESIDE_FRAMES = {"hello", "ping", "subscribe", "unsubscribe"}
# By which columns a row is of others; who was heard when, and whether it is still here, goes on by itself.
THEIRS = "SELECT id FROM bus_agent WHERE name IN ('alice', 'mallory')"
OWNERS = {
    "workspace_id": "SELECT home_id FROM bus_agent WHERE name = 'mallory'",
    **dict.fromkeys(("agent_id", "sender_id", "recipient_id", "creator_id", "claimant_id", "actor_id"), THEIRS),
}
STAMPS = ("last_used_at", "last_seen_at")
QUIET = " AND type NOT LIKE 'presence.%'"


def unknown(case: Case, like: Any, foreign: Names) -> Any:
    """Return a name of nothing that looks like another name."""
    if isinstance(like, dict):
        (name,) = like
        return {name: {"team": "unheard"}} if name == "tag" else {name: "unheard"}
    return foreign["unknown folder"][0] if case.kind == "folder" else UNKNOWN[case.kind]


# The surfaces


Call = Callable[..., Any]


@asynccontextmanager
async def over_rest(server: Server, key: str) -> Any:
    """Call by the server's own OpenAPI document; an answer has its status, too."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:
        described = (await http.get("/api/v1/openapi.json")).json()

        async def call(name: str, /, **fields: Any) -> Any:
            workspace = fields.pop("workspace", "")
            route = route_of(described, name, fields)
            path, query, body = route.filled(fields)
            query = "&".join(filter(None, (query, workspace and f"workspace={workspace}")))
            answer = await http.request(route.method, f"{path}?{query}", json=body)
            return {"status": answer.status_code, **answer.json()}

        yield call


@asynccontextmanager
async def over_exchange(server: Server, key: str) -> Any:
    """Call by MCP messages of one JSON document each."""
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx2.AsyncClient(base_url=server.url, headers=headers, timeout=60) as http:

        async def call(name: str, /, **fields: Any) -> Any:
            answer = await http.post("/api/v1/mcp", json=rpc("tools/call", name=name, arguments=fields))
            result = answer.json()["result"]
            return {"status": answer.status_code, "is_error": result["isError"], **result["structuredContent"]}

        yield call


SURFACES: dict[str, Callable[[Server, str], Any]] = {
    "mcp": partial(mcp_tools, query="?toolsets=all"),
    "mcp, modern": partial(mcp_tools, query="?toolsets=all", mode=MODERN),
    "exchange": over_exchange,
    "rest": over_rest,
    "websocket": lambda server, key: frames(server, key, "?inbox=false"),
}


def says_nothing(answer: Any) -> bool:
    """Say whether an answer is a refusal that could be about anything, or has nothing of anybody in it."""
    if "error" in answer:
        return answer["error"]["code"] in {
            "not_found",
            "topic_not_found",
            "unknown_agent",
            "forbidden",
            "no_recipients",
        }
    said = json.dumps(answer)
    return not any(word in said for word in ("rivate", "lsewhere", "mallory", "poison"))


# Whose rows


def rows_of_others(server: Server) -> dict[str, list[Any]]:
    """Return every row of mallory's workspace, the log too, and every row of alice's, but for who was heard when."""
    with closing(sqlite3.connect(f"file:{server.home / 'nexus.sqlite3'}?mode=ro", uri=True)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in (name for name in tables if name.startswith(("bus_", "handoffs_"))):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            kept = ", ".join(f'"{column}"' for column in columns if column not in STAMPS)
            for column in (each for each in columns if each in OWNERS):
                where = f"{column} IN ({OWNERS[column]})" + (QUIET if table == "bus_event" else "")
                rows = database.execute(f"SELECT {kept} FROM {table} WHERE {where} ORDER BY 1")
                found[f"{table} by {column}"] = rows.fetchall()
        return found


# The matrix


def test_every_field_of_every_operation_is_known_to_name_something_or_nothing() -> None:
    fields = {field for entry in door.published().values() for field in entry.order.model_fields}
    assert fields - set(KINDS) - PLAIN == set()
    assert set(KINDS) & PLAIN == set()


def test_every_operation_of_every_surface_is_in_the_matrix(server: Server, strangers: dict[str, Rest]) -> None:
    known = {case.operation for case in CASES}
    assert known == set(door.published())
    described = strangers["bob"].get("openapi.json")
    methods = [method for path in described["paths"].values() for method in path.values()]
    operations = {method["operationId"] for method in methods}
    assert {name for name in operations - BESIDE_REST if not name.startswith(tuple(known))} == set()
    assert operations >= known | BESIDE_REST
    asked = {parameter["name"] for method in methods for parameter in method.get("parameters", [])}
    assert asked - set(KINDS) - PLAIN == {"Last-Event-ID"}
    tools = McpSession(server, strangers["bob"].key).post(rpc("tools/list")).json()["result"]["tools"]
    assert {tool["name"] for tool in tools} <= known
    assert set(Conversation(None, None, None)._words) == BESIDE_FRAMES  # type: ignore[arg-type]


@pytest.mark.parametrize("surface", SURFACES)
def test_foreign_and_unknown_are_told_the_same_and_nothing_changes(
    server: Server, strangers: dict[str, Rest], foreign: Names, surface: str
) -> None:
    before, asked = rows_of_others(server), 0

    async def scenario() -> int:
        pairs = 0
        async with SURFACES[surface](server, strangers["bob"].key) as call:
            wrong = []
            for case in CASES:
                for name in foreign[case.kind]:
                    other = unknown(case, name, foreign)
                    first = await call(case.operation, **order(case.operation, case.field, name))
                    second = await call(case.operation, **order(case.operation, case.field, other))
                    pairs += 1
                    if told(first, name) != told(second, other) or not says_nothing(_without(first, name)):
                        wrong.append((case, name, first, second))
            assert wrong == []
        return pairs

    asked = play(scenario())
    assert rows_of_others(server) == before
    figure("G11", f"calls with foreign and with unknown names over {surface}, told the same", f"{asked:,}")


def _without(answer: Any, name: Any) -> Any:
    """Return an answer without what was sent."""
    words = [str(word) for word in (name.values() if isinstance(name, dict) else [name])]
    text = json.dumps(answer)
    for word in words:
        text = text.replace(json.dumps(word)[1:-1], "")
    return json.loads(text)
