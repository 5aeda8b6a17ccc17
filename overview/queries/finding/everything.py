"""What an operator finds: agents and topics by name, and each kind of text by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from bus import posts
from bus.identity import Caller
from bus.models import Agent, Topic
from bus.phrases import Phrase, holding, phrases
from bus.search import asked
from bus.text import visible
from overview.queries.finding.looking import START, Place, Shown, look
from overview.queries.finding.shapes import Match, Wanted
from overview.queries.mailbox.text import line

__all__ = ["Asked", "Group", "Hit", "Somebody", "Thread", "somebody", "threads"]

WALKED = 5_000  # so many names are read, as letters with accents are compared here


@dataclass(frozen=True, slots=True)
class Somebody:
    """An agent whose name and role hold the text."""

    name: str
    kind: str
    harness: str
    role: str
    presence: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A text that was found, a line of it with where the hits stand in that, and of a post where it stands."""

    match: Match
    line: str
    hits: list[tuple[int, int]]
    place: posts.Place | None


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind, best first; `older` is where to go on."""

    kind: str
    found: list[Hit]
    older: Place | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operator types, while it is typed, and where it looks: in its workspace, or in all."""

    caller: Caller
    text: str
    is_everywhere: bool

    def groups(self, kinds: Sequence[str], limit: int, place: Place = START) -> list[Group]:
        """Return what is found of each kind."""
        looked_for = self.phrases
        expression = asked(looked_for)
        groups = []
        for kind in kinds:
            kind_alone = frozenset({kind})
            wanted = Wanted(self.caller, looked_for, expression, kind_alone, is_everywhere=self.is_everywhere)
            page = look(wanted, limit, place)
            groups.append(Group(kind, _hits(page.shown), page.place_after(len(page.shown))))
        return groups

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Return what to look for: the last word may go on."""
        return phrases(self.text, is_typing=True)


def _hits(shown: Sequence[Shown]) -> list[Hit]:
    places = posts.places([each.ranked[1].pk for each in shown if each.ranked[1].kind == "topic"])
    return [_hit(each, places.get(each.ranked[1].pk)) for each in shown]


def _hit(shown: Shown, place: posts.Place | None) -> Hit:
    """Show what has no hit in its text as the mailbox shows it: without Markdown, and without what is for agents only."""
    _, match = shown.ranked
    return Hit(match, shown.line if shown.hits else visible(line(match.begin)), shown.hits, place)


@dataclass(frozen=True, slots=True)
class Thread:
    """A topic whose name holds the text."""

    id: str
    workspace: str
    name: str
    posts: int
    is_closed: bool


def threads(workspace: int | None, text: str, most: int) -> list[Thread]:
    """Return the topics of a workspace, None of all, whose name holds a text, the newest first; the oldest of very many are left out."""
    topics = Topic.objects.order_by("-pk")
    if workspace is not None:
        topics = topics.filter(workspace_id=workspace)
    holds = holding(text)
    found = (pk for pk, name in topics.values_list("pk", "name")[:WALKED] if holds(name))
    named = Topic.objects.filter(pk__in=list(islice(found, most))).select_related("workspace")
    return [_thread(topic) for topic in named.order_by("-pk")]


def _thread(topic: Topic) -> Thread:
    place = topic.workspace.alias or topic.workspace.public_id
    return Thread(topic.public_id, place, topic.name, topic.latest_seq, topic.closed_at is not None)


def somebody(workspace: int | None, text: str, most: int) -> list[Somebody]:
    """Return the agents of a workspace, None of all, whose name and role hold a text."""
    agents = Agent.objects.filter(kind=Agent.Kind.AGENT, archived_at=None)
    if workspace is not None:
        agents = agents.filter(memberships__workspace_id=workspace)
    holds = holding(text)
    rows = agents.order_by("name").values_list("name", "kind", "harness", "role", "presence")[:WALKED]
    found = (Somebody(*row) for row in rows)
    return list(islice((each for each in found if holds(f"{each.name} {each.role}")), most))
