"""What an operator finds: agents and topics by name, and each kind of text by itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from bus.identity import Caller
from bus.models import Agent, Topic
from bus.phrases import Phrase, phrases
from bus.search import asked
from bus.text import visible
from overview.queries.finding.looking import START, Place, Shown, look
from overview.queries.finding.shapes import Wanted
from overview.queries.mailbox.text import line

__all__ = ["Asked", "Group", "Somebody", "Thread", "somebody", "threads"]


@dataclass(frozen=True, slots=True)
class Somebody:
    """An agent whose name or role holds the text."""

    name: str
    kind: str
    harness: str
    role: str
    presence: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind, best first; `older` is where to go on."""

    kind: str
    found: list[Shown]
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
            shown = [each if each.hits else _plain(each) for each in page.shown]
            groups.append(Group(kind, shown, page.place_after(len(shown))))
        return groups

    @property
    def phrases(self) -> tuple[Phrase, ...]:
        """Return what to look for: the last word may go on."""
        return phrases(self.text, is_typing=True)


def _plain(shown: Shown) -> Shown:
    """Show what has no hit in its text as the mailbox shows it: without Markdown, and without what is for agents only."""
    return Shown(shown.ranked, visible(line(shown.ranked[1].begin)), [])


@dataclass(frozen=True, slots=True)
class Thread:
    """A topic whose name holds the text."""

    id: str
    name: str
    posts: int
    is_closed: bool


def threads(workspace: int | None, text: str, most: int) -> list[Thread]:
    """Return the topics of a workspace, None of all, whose name holds a text, the newest first."""
    named = Topic.objects.filter(name__icontains=text)
    if workspace is not None:
        named = named.filter(workspace_id=workspace)
    rows = named.order_by("-pk").values_list("public_id", "name", "latest_seq", "closed_at")
    return [Thread(public_id, name, posts, closed_at is not None) for public_id, name, posts, closed_at in rows[:most]]


def somebody(workspace: int | None, text: str, most: int) -> list[Somebody]:
    """Return the agents of a workspace, None of all, whose name or role holds a text."""
    held = Q(name__icontains=text) | Q(role__icontains=text)
    agents = Agent.objects.filter(held, kind=Agent.Kind.AGENT, archived_at=None)
    if workspace is not None:
        agents = agents.filter(memberships__workspace_id=workspace)
    rows = agents.order_by("name").values_list("name", "kind", "harness", "role", "presence")
    return [Somebody(*row) for row in rows[:most]]
