"""Tools that speak to the client while they run: progress, logs, and questions in the era of handshakes."""

import asyncio
from typing import Any

import mcp_types as types
from mcp.server.subscriptions import InMemorySubscriptionBus, PromptsListChanged, ToolsListChanged
from mcp.shared.exceptions import MCPError

from tests.conformance import schemas
from tests.conformance.content import text

Context, Arguments, Contents = Any, dict[str, Any], list[Any]
PAUSE = 0.001

bus = InMemorySubscriptionBus()


async def error_handling(context: Context, arguments: Arguments) -> Contents:
    raise RuntimeError("This tool intentionally returns an error for testing")


async def with_logging(context: Context, arguments: Arguments) -> Contents:
    for words in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await context.session.send_log_message("info", words, related_request_id=context.request_id)
        await asyncio.sleep(PAUSE)
    return [text("logged")]


async def with_progress(context: Context, arguments: Arguments) -> Contents:
    for done in (0, 50, 100):
        await context.session.report_progress(done, 100)
        await asyncio.sleep(PAUSE)
    return [text("done")]


async def sampling(context: Context, arguments: Arguments) -> Contents:
    asked = types.SamplingMessage(role="user", content=text(arguments["prompt"]))
    answer = await context.session.create_message(
        messages=[asked], max_tokens=100, related_request_id=context.request_id
    )
    return [text(f"LLM response: {answer.content.text}")]


async def _elicited(context: Context, message: str, schema: dict[str, Any]) -> Contents:
    answer = await context.session.elicit_form(message, schema, related_request_id=context.request_id)
    return [text(f"User response: action={answer.action}, content={answer.content}")]


async def elicitation(context: Context, arguments: Arguments) -> Contents:
    return await _elicited(context, arguments["message"], schemas.ACCOUNT)


async def elicitation_defaults(context: Context, arguments: Arguments) -> Contents:
    return await _elicited(context, "Who are you?", schemas.DEFAULTS)


async def elicitation_enums(context: Context, arguments: Arguments) -> Contents:
    return await _elicited(context, "Which ones?", schemas.ENUMS)


async def missing_capability(context: Context, arguments: Arguments) -> Contents:
    declared = context.session.client_capabilities
    if declared is None or declared.sampling is None:
        needed = {"requiredCapabilities": {"sampling": {}}}
        raise MCPError(types.MISSING_REQUIRED_CLIENT_CAPABILITY, "This tool needs sampling.", needed)
    return [text("sampling is declared")]


async def trigger_tool_change(context: Context, arguments: Arguments) -> Contents:
    await bus.publish(ToolsListChanged())
    return [text("told")]


async def trigger_prompt_change(context: Context, arguments: Arguments) -> Contents:
    await bus.publish(PromptsListChanged())
    return [text("told")]


STREAMING = {
    "test_tool_with_logging": with_logging,
    "test_tool_with_progress": with_progress,
    "test_logging_tool": with_logging,
    "test_sampling": sampling,
    "test_elicitation": elicitation,
    "test_elicitation_sep1034_defaults": elicitation_defaults,
    "test_elicitation_sep1330_enums": elicitation_enums,
}
SHORT = {
    "test_error_handling": error_handling,
    "test_missing_capability": missing_capability,
    "test_trigger_tool_change": trigger_tool_change,
    "test_trigger_prompt_change": trigger_prompt_change,
}
