"""A superuser's browser, and rows of every table."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from nexus_site.audit.throttle import throttle

ADDRESS = "192.0.2.7"


@pytest.fixture(autouse=True)
def _untried():
    """Forget earlier attempts to log in."""
    throttle.clear()
    yield
    throttle.clear()


@pytest.fixture
def root(store):
    """A superuser named `dana`."""
    return User.objects.create_superuser("dana")


@pytest.fixture
def browser(root):
    """The browser of dana, at 192.0.2.7."""
    client = Client(REMOTE_ADDR=ADDRESS)
    client.force_login(root)
    return client
