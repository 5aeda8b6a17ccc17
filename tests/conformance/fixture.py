"""The server that the suite expects, in place of ours behind the same transport.

Nexus itself has neither such prompts nor sampling nor several rounds; what the transport carries of them is shown here.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import mcp_types as types
from mcp.server import CacheHint, Server
from mcp.server.request_state import RequestStateBoundary, RequestStateSecurity
from mcp.server.subscriptions import ListenHandler
from mcp.shared.exceptions import MCPError
from mcp_types.methods import CACHEABLE_METHODS

from nexus_site.mcp import kernel
from nexus_site.mcp.server import MIDDLEWARE
from nexus_site.mcp.transport import Served
from tests.conformance import content, rounds, schemas, speaking

Context = Any

SCHEMAS = {
    "json_schema_2020_12_tool": schemas.DIALECT,
    "test_custom_header": schemas.ROUTED,
    "test_sampling": schemas.form(prompt={"type": "string"}),
    "test_elicitation": schemas.form(message={"type": "string"}),
}
NAMES = sorted([*content.FIXED, *speaking.STREAMING, *speaking.SHORT, *rounds.ROUNDS])
LONG = {*speaking.STREAMING, "test_streaming_elicitation", "test_custom_header"}


async def list_tools(context: Context, params: Any) -> types.ListToolsResult:
    tools = [
        types.Tool(name=name, description=f"Fixture {name}.", input_schema=SCHEMAS.get(name, schemas.NOTHING))
        for name in NAMES
    ]
    return types.ListToolsResult(tools=tools)


async def call_tool(context: Context, params: types.CallToolRequestParams) -> Any:
    if params.name in rounds.ROUNDS:
        answer = await rounds.ROUNDS[params.name](context, params)
        return answer if isinstance(answer, types.InputRequiredResult) else types.CallToolResult(content=answer)
    if params.name in content.FIXED:
        return types.CallToolResult(content=content.FIXED[params.name])
    speak = {**speaking.STREAMING, **speaking.SHORT}.get(params.name)
    if speak is None:
        raise MCPError(types.INVALID_PARAMS, f"Unknown tool: {params.name}")
    try:
        return types.CallToolResult(content=await speak(context, params.arguments or {}))
    except RuntimeError as error:
        return types.CallToolResult(content=[content.text(str(error))], is_error=True)


async def list_resources(context: Context, params: Any) -> types.ListResourcesResult:
    return types.ListResourcesResult(
        resources=[
            types.Resource(uri=uri, name=uri.partition("//")[2], description=f"Fixture {uri}.", mime_type=kind)
            for uri, kind in content.RESOURCES.items()
        ]
    )


async def list_templates(context: Context, params: Any) -> types.ListResourceTemplatesResult:
    template = types.ResourceTemplate(uri_template=content.TEMPLATE, name="data", description="Data of an id.")
    return types.ListResourceTemplatesResult(resource_templates=[template])


async def read_resource(context: Context, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
    return types.ReadResourceResult(contents=[content.read(str(params.uri))])


async def accept(context: Context, params: Any) -> types.EmptyResult:
    """Accept a subscription or a log level; nothing of the suite waits for what follows from it."""
    return types.EmptyResult()


async def list_prompts(context: Context, params: Any) -> types.ListPromptsResult:
    return types.ListPromptsResult(
        prompts=[
            types.Prompt(
                name=name,
                description=f"Fixture {name}.",
                arguments=[types.PromptArgument(name=each, required=True) for each in arguments],
            )
            for name, arguments in content.PROMPTS.items()
        ]
    )


async def get_prompt(context: Context, params: types.GetPromptRequestParams) -> Any:
    if params.name != "test_input_required_result_prompt":
        contents = content.prompt(params.name, params.arguments or {})
    elif rounds.is_answered(rounds.CONTEXT, params):
        contents = [content.text(f"Use this: {rounds.given(params, 'user_context')['context']}")]
    else:
        return rounds.ask(rounds.CONTEXT)
    return types.GetPromptResult(messages=[types.PromptMessage(role="user", content=each) for each in contents])


async def complete(context: Context, params: types.CompleteRequestParams) -> types.CompleteResult:
    values = [word for word in ("test", "testing") if word.startswith(params.argument.value)]
    return types.CompleteResult(completion=types.Completion(values=values, total=len(values), has_more=False))


def built() -> Server[Any]:
    """Return the server, with our middleware and the SDK's seal on states."""
    server: Server[Any] = Server(
        "fixture",
        version="1",
        cache_hints={method: CacheHint(ttl_ms=1000) for method in CACHEABLE_METHODS},
        on_list_tools=list_tools,
        on_call_tool=call_tool,
        on_list_resources=list_resources,
        on_list_resource_templates=list_templates,
        on_read_resource=read_resource,
        on_subscribe_resource=accept,
        on_unsubscribe_resource=accept,
        on_subscriptions_listen=ListenHandler(speaking.bus),
        on_list_prompts=list_prompts,
        on_get_prompt=get_prompt,
        on_completion=complete,
        on_set_logging_level=accept,
    )
    seal = RequestStateBoundary(RequestStateSecurity.ephemeral(), default_audience="fixture")
    server.middleware[:] = [*MIDDLEWARE, seal]
    return server


def is_long(message: Mapping[str, Any]) -> bool:
    """Say whether a request needs the stream: it speaks to the client while it runs, or is a subscription."""
    name = (message.get("params") or {}).get("name")
    return message["method"] == "subscriptions/listen" or (message["method"] == "tools/call" and name in LONG)


SERVER = built()
FIXTURE = Served(lambda: SERVER, is_long, partial(kernel.serve, SERVER))
