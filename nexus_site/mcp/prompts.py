"""Prompts: what a person asks an agent to do on the bus again and again, as commands of the client.

Invariant: a prompt says what the person wants and names the tools; it does nothing itself, and the digest that `catch_up`
carries is a peek through the door as the caller.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mcp_types as types
from mcp.server import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

from bus import door
from bus.errors import Refusal
from bus.text import without_secrets
from nexus_site.mcp.resources import refused

__all__ = ["PROMPTS", "Prompt", "handlers"]

Context = ServerRequestContext[Any, Any]
MOST = 4_000


@dataclass(frozen=True, slots=True)
class Prompt:
    """A command: its words, the arguments that fill them, and whether the digest of what waits comes along."""

    about: str
    text: str
    required: Mapping[str, str]
    optional: Mapping[str, str]
    has_digest: bool = False


PROMPTS = {
    "catch_up": Prompt(
        "See what you missed and deal with it.",
        "Catch up on Nexus. Below is what waits for you. Read mail with inbox_pull, answer what needs an answer, then "
        "inbox_ack. Go on with the handoffs you hold; claim one only if it fits what I asked you to do. Then tell me in a "
        "few lines what was new and what you did about it.",
        {},
        {},
        has_digest=True,
    ),
    "hand_over": Prompt(
        "Give a piece of work to another agent.",
        "Hand this over on Nexus: {work}. Choose who with agent_list, unless I name somebody: {to}. Use handoff_create "
        "with a title, and a body from which somebody without our talk can work: what is wanted, what is done, which files "
        "and branch, how to check it. Give acceptance_criteria if the result can be checked, and paths if files should be "
        "held. Tell me the handoff's id and who was reached.",
        {"work": "What is to be done."},
        {"to": "An agent's name or a capability; else anybody who can."},
    ),
    "stand_up": Prompt(
        "Tell the others where you stand, and hear where they stand.",
        "Do a stand-up on Nexus. Look with handoff_list (mine) and conversation_read at what you did and hold. Send one "
        'message_create to "broadcast": what is done, what you do next, what blocks you; three lines, priority 3. Then read '
        "what the others wrote with inbox_pull and inbox_ack, and tell me in a few lines who does what and who is stuck.",
        {},
        {},
    ),
    "request_review": Prompt(
        "Ask for a review, and work with the verdict.",
        "Ask for a review on Nexus: {change}. Use handoff_create with to {to}, the branch or commit and the files in the "
        "body, and acceptance_criteria that say when it is good. Do not wait for it unless I say so. When the outcome comes "
        "by mail, mend what was found, and ask once more if much changed.",
        {"change": "What to review: a branch, a commit, some files."},
        {"to": 'An agent\'s name; else {"capability": "review"}.'},
    ),
    "wrap_up": Prompt(
        "End your work here and leave nothing hanging.",
        "Wrap up on Nexus. For each handoff you hold (handoff_list, mine): handoff_complete it if it is done, else "
        "handoff_release it with a reason that helps the next one. Answer and inbox_ack what you pulled. Tell the others "
        "with one message_create what state you leave things in, if that matters to them. Then tell me what you left.",
        {},
        {},
    ),
}
REVIEWER = '{"capability": "review"}'


async def _list(context: Context, params: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
    if params is not None and params.cursor is not None:
        raise MCPError(INVALID_PARAMS, "Unknown cursor: the list has one page.")
    return types.ListPromptsResult.model_validate({"prompts": [_listed(*each) for each in PROMPTS.items()]})


def _listed(name: str, prompt: Prompt) -> dict[str, Any]:
    arguments = [
        {"name": word, "description": about, "required": fields is prompt.required}
        for fields in (prompt.required, prompt.optional)
        for word, about in fields.items()
    ]
    return {"name": name, "description": prompt.about} | ({"arguments": arguments} if arguments else {})


async def _get(context: Context, params: types.GetPromptRequestParams) -> types.GetPromptResult:
    prompt = PROMPTS.get(params.name)
    if prompt is None:
        sent = without_secrets(params.name)[:64]
        raise MCPError(INVALID_PARAMS, f"There is no prompt {sent!r}. Use prompts/list for what there is.")
    text = prompt.text.format_map(_filled(params.name, prompt, params.arguments or {}))
    if prompt.has_digest:
        text = f"{text}\n\n{await _digest(context)}"
    said = {"role": "user", "content": {"type": "text", "text": text}}
    return types.GetPromptResult.model_validate({"description": prompt.about, "messages": [said]})


def _filled(name: str, prompt: Prompt, given: Mapping[str, str]) -> dict[str, str]:
    """Return the words for a prompt's places; refuse what it does not take, lacks, or what is too long."""
    known = {**prompt.required, **prompt.optional}
    wrong = [word for word in given if word not in known]
    missing = [word for word in prompt.required if not given.get(word, "").strip()]
    if wrong or missing:
        raise MCPError(INVALID_PARAMS, f"The prompt {name} takes {', '.join(known) or 'no argument'}.")
    if any(len(words) > MOST for words in given.values()):
        raise MCPError(INVALID_PARAMS, f"An argument of a prompt has at most {MOST:,} characters.")
    blank = REVIEWER if name == "request_review" else "nobody yet"
    return {word: given.get(word, "").strip() or blank for word in known}


async def _digest(context: Context) -> str:
    request: Any = context.request
    try:
        text: str = (await door.call("wake", request.scope["nexus.caller"], {})).text
    except Refusal as refusal:
        refused(refusal, context.protocol_version)
    return text


def handlers() -> dict[str, Any]:
    """Return what the server answers about prompts."""
    return {"on_list_prompts": _list, "on_get_prompt": _get}
