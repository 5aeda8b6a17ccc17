"""A path on a file system that does not answer holds up nobody but those who name such paths."""

import asyncio
import os
import threading

import pytest

from bus import door, places
from bus.errors import Busy, InvalidInput

MOUNT = "/mnt/hung"


@pytest.fixture
def mount(monkeypatch):
    """Let whoever resolves the path wait until the event is set."""
    answers, reached, resolve = threading.Event(), threading.Event(), os.path.realpath

    def realpath(path, **given):
        if path == MOUNT:
            reached.set()
            answers.wait(20)
        return resolve(path, **given)

    monkeypatch.setattr(os.path, "realpath", realpath)
    yield answers, reached
    answers.set()


@pytest.mark.parametrize("name", ["session_open", "whoami", "workspace_resolve"])
def test_others_read_and_write_meanwhile(pair, play, mount, name):
    ann, ben = pair
    answers, reached = mount

    async def scenario():
        async with asyncio.timeout(10):
            held = [asyncio.create_task(door.call(name, ann, {"project_root": MOUNT})) for _ in range(4)]
            await asyncio.to_thread(reached.wait, 10)
            sent = await door.call("message_create", ben, {"to": "ann", "subject": "on", "body": "we go"})
            assert (await door.call("message_get", ben, {"message": sent.message})).subject == "on"
            answers.set()
            for each in held:
                with pytest.raises(InvalidInput, match="not on this machine"):
                    await each

    try:
        play(scenario)
    finally:
        answers.set()


def test_whoever_names_it_is_told_in_time(pair, play, mount, monkeypatch):
    ann, _ = pair
    monkeypatch.setattr(places, "PATIENCE", 0.1)

    async def scenario():
        with pytest.raises(Busy, match="does not answer"):
            await door.call("session_open", ann, {"project_root": MOUNT})

    play(scenario)
