"""Requests that take several rounds in the era without a handshake: the server asks by answering."""

from typing import Any

import mcp_types as types

from tests.conformance.content import text
from tests.conformance.schemas import form

Context, Contents = Any, list[Any]
Answer = types.InputRequiredResult | Contents


def form_of(message: str, **properties: dict[str, Any]) -> types.ElicitRequest:
    asked = types.ElicitRequestFormParams(message=message, requested_schema=form(**properties))
    return types.ElicitRequest(params=asked)


def sample(words: str, max_tokens: int) -> types.CreateMessageRequest:
    message = types.SamplingMessage(role="user", content=text(words))
    return types.CreateMessageRequest(
        params=types.CreateMessageRequestParams(messages=[message], max_tokens=max_tokens)
    )


STRING, BOOLEAN = {"type": "string"}, {"type": "boolean"}
NAME = {"user_name": form_of("What is your name?", name=STRING)}
CAPITAL = {"capital_question": sample("What is the capital of France?", 100)}
ROOTS = {"client_roots": types.ListRootsRequest(params=types.RequestParams())}
CONFIRM = {"confirm": form_of("Please confirm", ok=BOOLEAN)}
THREE = {**NAME, "greeting": sample("Generate a greeting", 50), **ROOTS}
CONTEXT = {"user_context": form_of("What context should the prompt use?", context=STRING)}
STEPS = [
    {"step1": form_of("Step 1: What is your name?", name=STRING)},
    {"step2": form_of("Step 2: What is your favorite color?", color=STRING)},
]


def ask(requests: dict[str, Any], state: str | None = None) -> types.InputRequiredResult:
    return types.InputRequiredResult(input_requests=requests, request_state=state)


def is_answered(requests: dict[str, Any], params: Any) -> bool:
    """Say whether everything asked is answered; what was not asked is of no interest."""
    return requests.keys() <= (params.input_responses or {}).keys()


def given(params: Any, key: str) -> Any:
    """Return the answer to one question, as a form's content where it is a form."""
    answer = params.input_responses[key]
    return answer.content if isinstance(answer, types.ElicitResult) else answer


async def elicitation(context: Context, params: Any) -> Answer:
    if not is_answered(NAME, params):
        return ask(NAME)
    return [text(f"Hello, {given(params, 'user_name')['name']}!")]


async def sampling(context: Context, params: Any) -> Answer:
    if not is_answered(CAPITAL, params):
        return ask(CAPITAL)
    return [given(params, "capital_question").content]


async def list_roots(context: Context, params: Any) -> Answer:
    if not is_answered(ROOTS, params):
        return ask(ROOTS)
    return [text(", ".join(str(root.uri) for root in given(params, "client_roots").roots))]


async def request_state(context: Context, params: Any) -> Answer:
    if not is_answered(CONFIRM, params) or params.request_state != "asked":
        return ask(CONFIRM, "asked")
    return [text("state-ok")]


async def multiple_inputs(context: Context, params: Any) -> Answer:
    if not is_answered(THREE, params) or params.request_state != "asked":
        return ask(THREE, "asked")
    return [text("All three are answered.")]


async def multi_round(context: Context, params: Any) -> Answer:
    """Ask one thing after the other; the state says how far it went."""
    done = int(params.request_state or 0)
    if params.request_state is not None and is_answered(STEPS[done], params):
        done += 1
    if done == len(STEPS):
        return [text("Both steps are done.")]
    return ask(STEPS[done], str(done))


async def capabilities(context: Context, params: Any) -> Answer:
    """Ask only what the client can answer."""
    declared = context.session.client_capabilities
    asked: dict[str, Any] = {}
    if declared is not None and declared.sampling is not None:
        asked |= CAPITAL
    if declared is not None and declared.elicitation is not None:
        asked |= NAME
    return ask(asked) if asked else [text("This client can be asked nothing.")]


async def streaming(context: Context, params: Any) -> Answer:
    """Report progress on the stream, then ask by answering."""
    await context.session.report_progress(1, 2)
    return ask(NAME)


PREFIX = "test_input_required_result_"
ROUNDS = {
    f"{PREFIX}elicitation": elicitation,
    f"{PREFIX}sampling": sampling,
    f"{PREFIX}list_roots": list_roots,
    f"{PREFIX}request_state": request_state,
    f"{PREFIX}multiple_inputs": multiple_inputs,
    f"{PREFIX}multi_round": multi_round,
    f"{PREFIX}tampered_state": request_state,
    f"{PREFIX}capabilities": capabilities,
    "test_streaming_elicitation": streaming,
}
