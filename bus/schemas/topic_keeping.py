"""Orders and answers about what operators do with topics."""

from pydantic import Field

from bus.schemas.base import Answer, Text200, UtcTime
from bus.schemas.topics import PeerName, TopicName, TopicWrite


class TopicRename(TopicWrite):
    """A new name for a topic."""

    name: TopicName


class TopicReleaseName(TopicWrite):
    """Whose name in a topic to give free."""

    peer: PeerName


class TopicArchive(TopicWrite):
    """Which closed topic lists should leave out."""

    archived: bool = Field(True, description="False: list it again.")


class TopicDelete(TopicWrite):
    """Which topic to delete with all its posts."""

    confirm: Text200 = Field(description="The topic's name, to show that you mean it.")


class TopicKept(Answer):
    """The topic after an operator's change."""

    topic: str
    name: str
    state: str
    archived_at: UtcTime | None = None


class TopicNameReleased(Answer):
    """Whoever joins under the name next gets it, with its cursor."""

    topic: str
    peer: str


class TopicDeleted(Answer):
    """The topic and its posts are gone."""

    topic: str
    posts: int
