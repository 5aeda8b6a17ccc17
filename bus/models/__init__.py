"""The tables of the bus, one module a noun."""

from bus.models.engine import Deadline, Setting, StoredAnswer
from bus.models.keys import Key, Session
from bus.models.log import Audience, Checkpoint, Event
from bus.models.mail import Delivery, Message
from bus.models.people import Agent, AgentTag, Capability, Membership, Workspace
from bus.models.search import SearchEntry, SearchWord
from bus.models.topics import Peer, Post, Topic

__all__ = [
    "Agent",
    "AgentTag",
    "Audience",
    "Capability",
    "Checkpoint",
    "Deadline",
    "Delivery",
    "Event",
    "Key",
    "Membership",
    "Message",
    "Peer",
    "Post",
    "SearchEntry",
    "SearchWord",
    "Session",
    "Setting",
    "StoredAnswer",
    "Topic",
    "Workspace",
]
