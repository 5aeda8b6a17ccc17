"""What an operator finds: agents and topics by name, and each kind of text by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from bus import posts
from bus.identity import Caller
from bus.models import Agent, Topic
from bus.phrases import Phrase, phrases
from bus.search import asked
from bus.text import visible
from overview.queries.finding.looking import START, Place, Shown, look
from overview.queries.finding.shapes import Match, Wanted
from overview.queries.mailbox.text import line

__all__ = ["Asked", "Group", "Hit", "Somebody", "Thread", "somebody", "threads"]


@dataclass(frozen=True, slots=True)
class Somebody:
    """An agent whose name or role holds the text."""

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
    """Return the topics of a workspace, None of all, whose name holds a text, the newest first."""
    named = Topic.objects.filter(name__icontains=text)
    if workspace is not None:
        named = named.filter(workspace_id=workspace)
    return [_thread(topic) for topic in named.select_related("workspace").order_by("-pk")[:most]]


def _thread(topic: Topic) -> Thread:
    place = topic.workspace.alias or topic.workspace.public_id
    return Thread(topic.public_id, place, topic.name, topic.latest_seq, topic.closed_at is not None)


def somebody(workspace: int | None, text: str, most: int) -> list[Somebody]:
    """Return the agents of a workspace, None of all, whose name or role holds a text."""
    held = Q(name__icontains=text) | Q(role__icontains=text)
    agents = Agent.objects.filter(held, kind=Agent.Kind.AGENT, archived_at=None)
    if workspace is not None:
        agents = agents.filter(memberships__workspace_id=workspace)
    rows = agents.order_by("name").values_list("name", "kind", "harness", "role", "presence")
    return [Somebody(*row) for row in rows[:most]]
