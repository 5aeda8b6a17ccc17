"""Mail about handoffs: what asks to claim or to judge one, and what became of it to those concerned.

What asks is of kind `handoff`: it is withdrawn from every other inbox when somebody wins, and from all when there is
nothing to do any more. What tells is `direct` and stays until it is read.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

from bus import audience, identity, mail
from bus.audience import Reached
from bus.directory import AgentEntry, directory
from bus.identity import Caller
from bus.models import Audience
from bus.prepared import insert, prepared
from bus.text import shorten
from handoffs import pool
from handoffs.models import Handoff

__all__ = ["ask", "eligible", "hide", "is_shown", "offer", "show", "tell"]

SUBJECT, EXCERPT = 200, 2_000
SHOWN = prepared(
    lambda subject, agent: Audience.objects.filter(subject=subject, agent_id=agent).values_list("pk"), str, int
)
SHOW = insert(Audience, "subject", "agent")


def eligible(caller: Caller, handoff: Handoff) -> list[Reached]:
    """Return those who may claim it and can be told: who is named, and who fits and is present; not the creator."""
    parts = pool.parts(handoff.pool)
    names = [directory.agent(handoff.target_id).name] if handoff.target_id else []
    names += [part for part in parts if isinstance(part, str)]
    selectors = [part for part in parts if not isinstance(part, str)]
    found = {}
    for name in names:
        agent = directory.agent_named(name)
        if agent is not None and not agent.archived:
            found[agent.id] = audience.reached(agent, caller.now)
    if selectors:
        for each in audience.select(caller, selectors).reached:
            found.setdefault(each.agent.id, each)
    if handoff.target_id != handoff.creator_id:
        found.pop(handoff.creator_id, None)
    return list(found.values())


def offer(caller: Caller, handoff: Handoff, but: Collection[int | None] = (), *, is_new: bool = False) -> list[Reached]:
    """Put it into the inboxes of those who may claim it, except `but`; return who they are."""
    reached = [each for each in eligible(caller, handoff) if each.agent.id not in but]
    seeing = [each.agent.id for each in reached if not handoff.is_private or each.agent.id == handoff.target_id]
    show(handoff, [handoff.creator_id, *seeing] if is_new else seeing, is_new=is_new)
    text = (
        f"{directory.agent(handoff.creator_id).name} hands this over. Read and take it with `handoff_claim` and "
        f"handoff {handoff.public_id}; exactly one claim wins."
    )
    recipients = [each.agent for each in reached if each.agent.id != handoff.creator_id]
    if recipients:
        _post(_sender(caller, handoff), handoff, recipients, mail.Draft("handoff", handoff.title, text, handoff.to))
    return reached


def _sender(caller: Caller, handoff: Handoff) -> Caller:
    """Return who offers: the creator or an operator, else Nexus, as a sender sees what becomes of its messages."""
    if caller.is_operator or caller.agent.id == handoff.creator_id:
        return caller
    return replace(identity.system(caller.surface), workspace=caller.workspace, now=caller.now)


def show(handoff: Handoff, agents: Iterable[int], *, is_new: bool = False) -> None:
    """Let agents see the handoff and its events from now on."""
    if handoff.is_public:
        return
    subject = handoff.public_id
    missing = [(subject, agent) for agent in dict.fromkeys(agents) if is_new or SHOWN.first(subject, agent) is None]
    if missing:
        SHOW.many(missing)


def hide(handoff: Handoff) -> None:
    """Let nobody see it who was shown it, but its creator."""
    Audience.objects.filter(subject=handoff.public_id).exclude(agent_id=handoff.creator_id).delete()


def is_shown(handoff: Handoff, agent: int) -> bool:
    """Say whether the agent was shown the handoff."""
    return SHOWN.first(handoff.public_id, agent) is not None


def tell(caller: Caller, handoff: Handoff, agents: Iterable[int | None], what: str, *about: Any) -> None:
    """Send `what` became of the handoff, and the texts or objects `about` it, to agents; not to the caller itself."""
    _write(caller, handoff, agents, _draft("direct", handoff, what, about))


def ask(caller: Caller, handoff: Handoff, agents: Iterable[int | None], what: str, *about: Any) -> None:
    """Send agents `what` is to be done about the handoff now; not to the caller itself."""
    _write(caller, handoff, agents, _draft("handoff", handoff, what, about))


def _draft(kind: str, handoff: Handoff, what: str, about: Iterable[Any]) -> mail.Draft:
    lines = [f"{what}: handoff {handoff.public_id}.", *[_excerpt(each) for each in about if each]]
    return mail.Draft(kind, shorten(f"{what}: {handoff.title}", SUBJECT)[0], "\n\n".join(lines))


def _write(caller: Caller, handoff: Handoff, agents: Iterable[int | None], draft: mail.Draft) -> None:
    wanted = dict.fromkeys(each for each in agents if each is not None and each != caller.agent.id)
    recipients = [directory.agent(each) for each in wanted]
    draft.to = [agent.name for agent in recipients]
    if recipients:
        _post(caller, handoff, recipients, draft)


def _excerpt(about: Any) -> str:
    text, is_cut = shorten(about if isinstance(about, str) else json.dumps(about, ensure_ascii=False), EXCERPT)
    return f"{text}…\n\nThe whole of it: `handoff_get`." if is_cut else text


def _post(caller: Caller, handoff: Handoff, recipients: list[AgentEntry], draft: mail.Draft) -> None:
    draft.handoff, draft.priority = handoff.public_id, handoff.priority
    draft.references = [{"kind": "handoff", "id": handoff.public_id}]
    mail.post(caller, draft, recipients)
