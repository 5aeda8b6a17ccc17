"""Orders and answers about topics."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from bus.schemas.base import (
    Answer,
    Clean,
    Cursor,
    Limit,
    Metadata,
    Order,
    Text64,
    Text200,
    Timeout,
    UtcTime,
    WriteOrder,
)


def _printable(value: str) -> str:
    """Refuse a name with characters that nobody can see."""
    if not value.isprintable():
        raise ValueError("holds a control character")
    return value


TopicName = Annotated[
    str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), Clean, AfterValidator(_printable)
]
PeerName = Annotated[
    str, StringConstraints(min_length=1, max_length=64, strip_whitespace=True), Clean, AfterValidator(_printable)
]
Seq = Annotated[int, Field(ge=0, le=2**53)]


class TopicRef(Order):
    """Names one topic."""

    topic: Text64


class TopicWrite(WriteOrder):
    """Names one topic to change."""

    topic: Text64


class TopicView(BaseModel):
    """A topic and how it stands."""

    topic: str
    name: str
    state: str = Field(description="open or closed.")
    posts: int = Field(description="The number of its newest post.")
    created_at: UtcTime
    created_by: str
    active_at: UtcTime = Field(description="When something was last posted.")
    closed_at: UtcTime | None = None
    close_reason: str | None = None
    archived_at: UtcTime | None = None
    metadata: dict[str, Any] | None = None
    peer: str | None = Field(None, description="The name under which you take part.")
    unread: int | None = Field(None, description="Posts after your cursor, at most 100.")


class TopicOpened(Answer, TopicView):
    """One topic."""

    created: bool | None = Field(None, description="False when an open topic of that name was there already.")


class TopicCreate(WriteOrder):
    """A thread to open."""

    name: TopicName | None = Field(None, description="Default: its id.")
    metadata: Metadata = Field({}, description="Your own JSON object, at most 8 KB.")
    mode: Literal["reuse", "new"] = Field("reuse", description="reuse answers the newest open topic of that name.")


class TopicList(Order):
    """Which topics to list."""

    state: Literal["open", "closed", "all"] = Field("open", description="open, closed or all.")
    query: str | None = Field(None, min_length=1, max_length=200, description="Text in the name.")
    archived: bool = Field(False, description="Also archived ones.")
    cursor: Cursor = None
    limit: Limit = 20


class Topics(Answer):
    """A page of topics, the most recently active first."""

    topics: list[TopicView]
    next_cursor: str | None = None


class TopicResolve(Order):
    """A topic by name or id."""

    name: TopicName | None = Field(None, description="Its name, or give its id as topic.")
    topic: Text64 | None = Field(None, description="Its id.")
    allow_closed: bool = Field(False, description="Find closed ones too.")


class TopicJoin(WriteOrder):
    """Which topic to take part in, and under which name."""

    topic: Text64 | None = Field(None, description="Its id; this or name.")
    name: TopicName | None = Field(None, description="Its name; the newest open topic of it.")
    peer: PeerName | None = Field(
        None, description="Your name in the topic; default: your agent's, which needs no token."
    )
    reclaim_token: Text64 | None = Field(None, description="Proves that a name is yours; from your first join.")
    allow_closed: bool = Field(False, description="Find closed ones by name too.")
    session_only: bool = Field(
        False,
        description="The name is this session's alone: another one needs the token, also for your agent's own name.",
    )


class Joined(Answer):
    """You take part."""

    topic: str
    name: str
    state: str
    peer: str
    reclaim_token: str | None = Field(
        None,
        description="Keep it: with it you get your name back after a restart. Missing where you had the name already.",
        json_schema_extra={"secret": True},
    )
    seq: int = Field(description="The number of the newest post that you have taken.")
    posts: int


class Outgoing(BaseModel):
    """One post to send."""

    model_config = ConfigDict(extra="forbid")

    body: Annotated[str, Field(min_length=1), Clean]
    kind: Annotated[str, StringConstraints(min_length=1, max_length=32), Clean] = Field(
        "message", description="Your word for it: message, question, answer …"
    )
    reply_to: Text64 | None = Field(None, description="Message id of a post in this topic.")
    metadata: Metadata = Field({}, description="Your own JSON object, at most 8 KB.")
    client_id: Annotated[str, StringConstraints(min_length=1, max_length=128), Clean] | None = Field(
        None, description="Repeat-safe: a second post with your id is not sent, the first is answered."
    )


class PostView(BaseModel):
    """A post as everybody in the topic sees it."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    message: str
    seq: int
    peer: str = Field(description="The sender's name in the topic.")
    from_: str = Field(alias="from", description="The sender's agent.")
    origin: str = Field(description="agent, operator or system: set by the server from the key.")
    kind: str
    body: str
    at: UtcTime
    reply_to: str | None = None
    metadata: dict[str, Any] | None = None
    client_id: str | None = None


class Sent(PostView):
    """What became of one outgoing post."""

    duplicate: bool = Field(False, description="True when your client_id was sent before: this is that post.")


class TopicSync(WriteOrder):
    """What to post, and how to read on."""

    topic: Text64
    outbox: list[Outgoing] = Field(
        [], description="Posts to send, in order: {body, kind?, reply_to?, metadata?, client_id?}."
    )
    limit: Annotated[int, Field(ge=1, le=200)] = Field(20, description="At most so many posts, 1 to 200.")
    include_self: bool = Field(False, description="Also give your own posts.")
    timeout_seconds: Timeout = 25
    auto_advance: bool = Field(True, description="Count what you get as read; False: say so with ack_through.")
    ack_through: Seq | None = Field(None, description="With auto_advance false: you have read up to this number.")


class TopicCursor(BaseModel):
    """How far you have read."""

    seq: int
    moved_at: UtcTime


class TopicSynced(Answer):
    """What was sent and what came."""

    status: str = Field(
        description="ready, timeout (nothing came in time), empty (nothing is there) or closed (nothing will come)."
    )
    peer: str = Field(description="The name under which you take part.")
    cursor: TopicCursor
    sent: list[Sent]
    received: list[PostView]
    has_more: bool


class TopicRead(TopicRef):
    """Which posts to read; nothing counts as read by it."""

    after: Seq | None = Field(None, description="Posts after this number, oldest first.")
    before: Seq | None = Field(
        None, description="Posts before this number, the newest of them; default: the newest of all."
    )
    limit: Limit = 20


class TopicThread(Answer):
    """Some posts of a topic in order."""

    topic: str
    name: str
    state: str
    latest: int = Field(description="The number of the newest post.")
    posts: list[PostView]
    has_more: bool = Field(description="There are more in the direction you read.")


class TopicPresence(TopicRef):
    """Who was there lately."""

    window_seconds: Annotated[int, Field(ge=1, le=31_536_000)] = Field(300, description="Heard within so many seconds.")
    limit: Annotated[int, Field(ge=1, le=1000)] = Field(200, description="At most so many peers.")


class PeerView(BaseModel):
    """One who takes part in a topic."""

    peer: str
    agent: str
    seq: int = Field(description="The number of the newest post it has taken.")
    moved_at: UtcTime
    seen_at: UtcTime
    age_seconds: int
    joined_at: UtcTime
    released: bool | None = Field(None, description="True when the name waits for somebody to take it.")


class TopicPeers(Answer):
    """Who takes part, the last heard first."""

    topic: str
    peers: list[PeerView]


class TopicCursorReset(TopicWrite):
    """Where to read on."""

    seq: Seq = Field(0, description="Read what comes after this number; 0 is everything.")


class TopicPlaced(Answer):
    """Where you read on."""

    topic: str
    peer: str
    cursor: TopicCursor


class TopicClose(TopicWrite):
    """Which topic to close."""

    reason: Text200 | None = Field(None, description="Why, for whoever reads it later.")


class ClosedTopic(Answer):
    """The topic takes no more posts."""

    topic: str
    state: str
    closed_at: UtcTime
    close_reason: str | None = None
    warning: str | None = None
