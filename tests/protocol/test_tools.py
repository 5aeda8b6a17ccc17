"""Tool lists: what every agent pays for in every turn."""

import ast
import json
from pathlib import Path

import pytest

from bus import door
from nexus_site.mcp import kernel, tools
from nexus_site.mcp.server import INSTRUCTIONS, server
from nexus_site.mcp.short import _listed
from tests.protocol.wires import HANDSHAKE, MODERN, rpc

CORE = [
    "whoami",
    "agent_list",
    "message_create",
    "conversation_read",
    "inbox_pull",
    "inbox_ack",
    "inbox_wait",
    "handoff_create",
    "handoff_list",
    "handoff_claim",
    "handoff_renew",
    "handoff_complete",
    "handoff_release",
    "handoff_verify",
    "help",
]
BUDGET = 6144
UNDOCUMENTED = ("mcp.server.", "mcp.shared.", "mcp.client.")
DOCUMENTED = {"mcp.shared.exceptions"}


def schemas(node):
    """Yield every schema in a schema."""
    yield node
    for part in [*node.get("properties", {}).values(), *node.get("anyOf", []), *filter(None, [node.get("items")])]:
        yield from schemas(part)


def test_core_is_the_fifteen_tools_in_the_catalogues_order():
    assert [tool["name"] for tool in tools.listed(("core",))] == CORE


@pytest.mark.parametrize("version", [HANDSHAKE, MODERN])
def test_list_of_core_keeps_its_budget(version):
    assert len(_listed(version, ("core",))) <= BUDGET


def test_instructions_are_one_short_paragraph():
    assert len(INSTRUCTIONS) <= 900
    assert "\n" not in INSTRUCTIONS


def test_listed_schemas_are_small():
    for entry in door.published().values():
        schema = tools.input_schema(entry.name)
        assert set(schema) <= {"type", "properties", "required"}
        for node in schemas(schema):
            assert set(node) <= {"type", "properties", "required", "description", "enum", "items", "anyOf", "default"}
            assert {"type": "null"} not in node.get("anyOf", [])
            assert node.get("default", 1), f"{entry.name}: a default that says nothing"


def test_every_field_is_listed_but_the_two_of_every_order():
    for entry in door.published().values():
        listed = set(tools.input_schema(entry.name)["properties"])
        names = {info.alias or name for name, info in entry.order.model_fields.items()}
        assert listed == names - {"workspace", "idempotency_key"}


def test_every_property_says_what_kind_of_value_it_takes():
    for entry in door.published().values():
        for name, field in tools.input_schema(entry.name)["properties"].items():
            assert {"type", "anyOf", "enum"} & set(field) or field.get("description"), f"{entry.name}.{name}"


def test_what_may_be_omitted_is_still_accepted():
    order = door.checked(door.find("inbox_ack"), {"messages": ["msg_1"], "workspace": "wsp_1", "idempotency_key": "k"})
    assert (order.workspace, order.idempotency_key) == ("wsp_1", "k")


def test_only_what_changes_nothing_is_marked_as_reading():
    reading = {tool["name"] for tool in tools.listed(("core",)) if "annotations" in tool}
    assert reading == {"whoami", "agent_list", "conversation_read", "inbox_wait", "handoff_list", "help"}
    assert "annotations" not in tools.tool(door.find("backup_create"))


def test_no_tool_mirrors_an_argument_into_a_header():
    assert "x-mcp-header" not in json.dumps([tools.tool(entry) for entry in door.published().values()])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"", ("core",)),
        (b"toolsets=", ("core",)),
        (b"toolsets=inbox", ("inbox",)),
        (b"toolsets=inbox,core", ("core", "inbox")),
        (b"toolsets=inbox&toolsets=%20core%20,core", ("core", "inbox")),
        (b"toolsets=all", ("core", "agents", "messages", "inbox", "events", "handoffs", "topics", "files")),
        (
            b"toolsets=all,operator",
            ("core", "agents", "messages", "inbox", "events", "handoffs", "topics", "files", "operator"),
        ),
        (b"other=1", ("core",)),
    ],
)
def test_url_chooses_toolsets(query, expected):
    assert tools.choice(query).toolsets == expected


@pytest.mark.parametrize("query", ["toolsets=plans", "toolsets=core,CORE", "toolsets=%ff"])
async def test_unknown_toolset_names_the_known_ones(alice, connect, query):
    agent = await connect("alice", url=f"/mcp?{query}", in_session=False)
    reply = await agent.initialize()
    assert (reply.status, reply.error["code"]) == (422, "invalid_input")
    assert {"core", "inbox", "all"} <= set(reply.error["details"]["toolsets"])


async def test_tool_that_is_not_listed_may_be_called(alice, connect):
    agent = await connect("alice")
    listed = [tool["name"] for tool in (await agent.post(rpc("tools/list"))).result["tools"]]
    assert "inbox_count" not in listed
    assert (await agent.call("inbox_count"))["unread"] == 0


async def test_operators_tools_are_listed_on_request_and_refused_all_the_same(alice, connect):
    agent = await connect("alice", url="/mcp?toolsets=operator")
    listed = [tool["name"] for tool in (await agent.post(rpc("tools/list"))).result["tools"]]
    assert "agent_create" in listed
    assert (await agent.call("agent_create", name="eve"))["error"]["code"] == "forbidden"


def test_server_speaks_of_tools_resources_and_prompts_whose_lists_stay():
    for version in (None, MODERN):
        capabilities = server().get_capabilities(protocol_version=version).model_dump(exclude_none=True)
        resources = {"list_changed": False, "subscribe": True}
        assert capabilities == {
            "tools": {"list_changed": False},
            "resources": resources,
            "prompts": {"list_changed": False},
        }


def test_kernel_alone_uses_undocumented_names_of_the_sdk():
    folder = Path(kernel.__file__).parent
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            module = node.module if isinstance(node, ast.ImportFrom) else ""
            used = (module or "").startswith(UNDOCUMENTED) and module not in DOCUMENTED
            assert not used or path.name == "kernel.py", f"{path.name} imports {module}"
