"""Saying something to one agent, to a choice of agents, or to everybody present."""

from dataclasses import replace

from bus import audience, identity, mail, pairs
from bus.audience import NoRecipients, Reached, Selection, UnknownAgent
from bus.directory import AgentEntry, directory
from bus.errors import InvalidInput, NotFound
from bus.identity import Caller
from bus.models import Agent, Delivery, Message
from bus.prepared import prepared
from bus.schemas.address import BROADCAST, Selector
from bus.schemas.messages import MessageCreate, MessageCreated, Recipient

__all__ = ["message_create"]

REPLIED = prepared(
    lambda public_id, workspace: Message.objects.filter(public_id=public_id, workspace_id=workspace).values_list(
        "pk", "sender_id", "sender__name", "kind"
    ),
    str,
    int,
)
RECEIVED = prepared(
    lambda message, agent: Delivery.objects.filter(message_id=message, recipient_id=agent).values_list("pk"), int, int
)


def message_create(caller: Caller, order: MessageCreate) -> MessageCreated:
    """Send a message to named agents, to everyone with a capability, role or tag, or to all present.

    A name always queues, selectors and broadcast reach present agents; the answer says who was reached.
    """
    reply_to, to = _thread(caller, order)
    selection = _resolve(caller, to, include_stale=order.include_stale)
    if not selection.reached:
        raise NoRecipients(excluded_stale=selection.stale, excluded_offline=selection.offline)
    if order.expires_at is not None and order.expires_at <= caller.now:
        raise InvalidInput("`expires_at` must be in the future.", field="expires_at")
    draft = mail.Draft(
        kind="broadcast" if BROADCAST in to else "direct",
        subject=order.subject,
        body=order.body,
        to=_as_written(order, to),
        priority=order.priority,
        reply_to=reply_to,
        metadata=order.metadata,
        references=[reference.model_dump(exclude_none=True) for reference in order.references],
        expires_at=order.expires_at,
    )
    recipients = [each.agent for each in selection.reached]
    full = pairs.count(caller, recipients)
    message = mail.post(caller, draft, recipients)
    for each in full:
        _tell_operators(caller, each)
    return _truth(caller, message, selection)


def _tell_operators(caller: Caller, peer: AgentEntry) -> None:
    """Tell every operator that two agents send each other as much as they may."""
    who = f"{caller.agent.name} and {peer.name}"
    told = (
        f"{who} sent each other as many messages as two agents may within a minute. More are refused for now. If they "
        "talk in a circle, write to them, or pause their waking on their pages. The limit is the setting `pair_limit`."
    )
    operators = Agent.objects.filter(kind=Agent.Kind.OPERATOR, archived_at=None)
    recipients = [directory.agent(each) for each in operators.values_list("pk", flat=True)]
    system = replace(identity.system(caller.surface), workspace=caller.workspace, now=caller.now)
    names = [each.name for each in recipients]
    mail.post(system, mail.Draft("direct", f"{who} reached the limit of messages", told, names), recipients)


def _thread(caller: Caller, order: MessageCreate) -> tuple[int | None, list[str | Selector]]:
    """Return the row of the message replied to, and the addressees as a list."""
    to = order.to if isinstance(order.to, list) else [order.to] if order.to is not None else []
    if order.reply_to is None:
        if not to:
            raise InvalidInput("`to` is missing.", field="to", hint='Name an agent, a selector or "broadcast".')
        return None, to
    found = REPLIED.first(order.reply_to, caller.workspace.id)
    if found is None or not (found[3] == Message.Kind.TOPIC or _may_see(caller, found[0], found[1])):
        raise NotFound("There is no such message to reply to.", message=order.reply_to)
    return found[0], to or [found[2]]


def _may_see(caller: Caller, message: int, sender: int) -> bool:
    return caller.is_operator or sender == caller.agent.id or RECEIVED.first(message, caller.agent.id) is not None


def _resolve(caller: Caller, to: list[str | Selector], *, include_stale: bool) -> Selection:
    """Return the union of names and selectors, each agent once."""
    names = [part for part in to if isinstance(part, str) and part != BROADCAST]
    selectors: list[Selector | None] = [part for part in to if isinstance(part, Selector)]
    if BROADCAST in to:
        selectors.append(None)
    chosen = audience.select(caller, selectors, include_stale=include_stale) if selectors else Selection()
    known = {each.agent.id for each in chosen.reached}
    for name in names:
        agent = _addressee(caller, name)
        if agent.agent.id not in known:
            known.add(agent.agent.id)
            chosen.reached.append(agent)
    direct = {each.agent.name for each in chosen.reached}
    chosen.stale = [name for name in chosen.stale if name not in direct]
    chosen.offline = [name for name in chosen.offline if name not in direct]
    return chosen


def _addressee(caller: Caller, name: str) -> Reached:
    agent = audience.named(caller, name)
    if agent.id == caller.agent.id:
        raise UnknownAgent("A message to yourself is not delivered.", sent=name, hint="Name another agent.")
    return audience.reached(agent, caller.now)


def _as_written(order: MessageCreate, to: list[str | Selector]) -> object:
    written = [part if isinstance(part, str) else part.model_dump(exclude_none=True) for part in to]
    return written if isinstance(order.to, list) else written[0]


def _truth(caller: Caller, message: str, selection: Selection) -> MessageCreated:
    workspace = caller.workspace.id
    recipients = [
        Recipient(
            agent=each.agent.name,
            presence=each.presence,
            unread=audience.unread(each.agent.id, workspace),
            last_seen_at=each.last_seen_at,
        )
        for each in selection.reached
    ]
    away = [each.agent.name for each in selection.reached if each.presence == "offline" and each.agent.kind == "agent"]
    return MessageCreated(
        message=message,
        recipients=recipients,
        excluded_stale=selection.stale,
        excluded_offline=selection.offline,
        warning=f"Offline, reads it when back: {', '.join(away[:5])}." if away else None,
    )
