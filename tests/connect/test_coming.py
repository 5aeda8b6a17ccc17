"""Two programs that come to a new repository at the same moment find the same workspace."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from bus import door
from bus.errors import Refusal
from bus.models import Session
from nexus_site.cli.command import Failed
from nexus_site.connect.keys import workspace_of


@pytest.mark.usefixtures("committed")
def test_two_that_come_at_once_close_no_session_but_their_own(operator, do, tmp_path):
    standing = do("session_open", operator).session
    root = tmp_path / "new"
    (root / ".git").mkdir(parents=True)
    both = Barrier(2, timeout=60)

    def call(name, order):
        if name.startswith("session_"):
            both.wait()
        try:
            return door.run(name, operator, order).model_dump()
        except Refusal as refusal:
            raise Failed(refusal.shape()) from refusal

    def come(_):
        try:
            return workspace_of(call, str(root))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(come, range(2))
    assert first == second
    assert list(Session.objects.filter(closed_at=None).values_list("public_id", flat=True)) == [standing]
