"""What agents do in a topic, over REST."""

__all__ = ["read", "said"]


def said(who, topic, *texts, **more):
    """Post; return the message ids."""
    outbox = [{"body": text, **more} for text in texts]
    answer = who.post(f"topics/{topic}/sync", outbox=outbox, timeout_seconds=0)
    assert "sent" in answer, answer
    return [each["message"] for each in answer["sent"]]


def read(who, topic, seq):
    """Move the cursor of a peer."""
    who.post(f"topics/{topic}/cursor", seq=seq)
