"""What operators do with topics: rename, archive, delete, and give a lost name free."""

from bus import events, topics
from bus.errors import Conflict, InvalidInput
from bus.identity import Caller
from bus.models import Message, Post, Topic
from bus.schemas.topic_keeping import (
    TopicArchive,
    TopicDelete,
    TopicDeleted,
    TopicKept,
    TopicNameReleased,
    TopicReleaseName,
    TopicRename,
)

__all__ = ["topic_archive", "topic_delete", "topic_release_name", "topic_rename"]

CHUNK = 500


class TopicIsOpen(Conflict):
    """Only a closed topic can be archived."""

    code = "topic_open"
    hint = "Close it first with `topic_close`."


def topic_rename(caller: Caller, order: TopicRename) -> TopicKept:
    """Give a topic another name; what was posted stays as it was written."""
    topic = topics.found(caller, order.topic)
    if topic.name != order.name:
        about = {"name": order.name, "before": topic.name}
        topic.name = order.name
        topic.save(update_fields=["name"])
        events.record(caller, "topic.renamed", about, topic=topic.public_id, public=True)
    return _kept(topic)


def topic_release_name(caller: Caller, order: TopicReleaseName) -> TopicNameReleased:
    """Give a peer's name in a topic free when its token is lost: the next who joins under it has it, with its cursor."""
    topic = topics.found(caller, order.topic)
    peer = topics.release(topic, order.peer)
    events.record(caller, "topic.name_released", {"name": peer.name}, topic=topic.public_id, public=True)
    return TopicNameReleased(topic=topic.public_id, peer=peer.name)


def topic_archive(caller: Caller, order: TopicArchive) -> TopicKept:
    """Leave a closed topic out of lists, or list it again; it stays readable and is found by its id."""
    topic = topics.found(caller, order.topic)
    if order.archived and topic.closed_at is None:
        raise TopicIsOpen(topic=topic.public_id)
    if (topic.archived_at is not None) != order.archived:
        topic.archived_at = caller.now if order.archived else None
        topic.save(update_fields=["archived_at"])
        type_ = "topic.archived" if order.archived else "topic.unarchived"
        events.record(caller, type_, topic=topic.public_id, public=True)
    return _kept(topic)


def topic_delete(caller: Caller, order: TopicDelete) -> TopicDeleted:
    """Delete a topic with all its posts, for good; `confirm` repeats its name. The log keeps that it was there."""
    topic = topics.found(caller, order.topic)
    if order.confirm != topic.name:
        raise InvalidInput("`confirm` must repeat the topic's name.", field="confirm", name=topic.name)
    count = Post.objects.filter(topic=topic).count()
    while numbers := list(Post.objects.filter(topic=topic).values_list("message_id", flat=True)[:CHUNK]):
        Message.objects.filter(pk__in=numbers).delete()
    topic.delete()
    events.record(caller, "topic.deleted", {"name": topic.name, "posts": count}, topic=order.topic, public=True)
    return TopicDeleted(topic=order.topic, posts=count)


def _kept(topic: Topic) -> TopicKept:
    return TopicKept(topic=topic.public_id, name=topic.name, state=topic.state, archived_at=topic.archived_at)
