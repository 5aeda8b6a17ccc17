"""The admin's login: passwords may be tried a few times only, and the one-time link always works."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from bus import clock
from nexus_site.audit.throttle import PER_ADDRESS, PER_NAME, WINDOW, Throttle
from nexus_site.serving import logins

LOGIN = "/admin/login/"
RIGHT = "a long passphrase"


@pytest.fixture
def root(root, settings):
    """Dana, with a password that is quick to look at."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    root.set_password(RIGHT)
    root.save()
    return root


@pytest.fixture
def enter(root):
    """Return a function that sends a name and a password from an address."""

    def enter(name="dana", password="wrong", address="192.0.2.7"):
        return Client(REMOTE_ADDR=address).post(LOGIN, {"username": name, "password": password})

    return enter


@pytest.fixture
def now():
    return clock.now()


def _fail(enter, count, **given):
    assert [enter(**given).status_code for _ in range(count)] == [200] * count


def test_a_right_password_opens_the_admin(root):
    client = Client()
    response = client.post(f"{LOGIN}?next=/admin/", {"username": "dana", "password": RIGHT}, follow=True)
    assert response.redirect_chain == [("/admin/", 302)]
    assert response.status_code == 200


def test_after_five_wrong_passwords_the_name_has_to_wait(enter):
    _fail(enter, PER_NAME)
    answer = enter(password=RIGHT)
    assert answer.status_code == 429
    assert 0 < int(answer["Retry-After"]) <= WINDOW.total_seconds()
    text = answer.content.decode()
    assert "Try again in 15 minutes" in text
    assert "nexus serve" in text


def test_the_name_may_be_tried_from_elsewhere_and_others_from_there(enter, django_user_model):
    django_user_model.objects.create_superuser("erin", password=RIGHT)
    _fail(enter, PER_NAME)
    assert enter(name="DANA ", password=RIGHT).status_code == 429
    assert enter(password=RIGHT, address="192.0.2.8").status_code == 302
    assert enter(name="erin", password=RIGHT).status_code == 302


def test_an_address_that_tries_many_names_has_to_wait(enter):
    for number in range(PER_ADDRESS):
        _fail(enter, 1, name=f"name-{number}")
    assert enter(password=RIGHT).status_code == 429
    assert enter(password=RIGHT, address="192.0.2.8").status_code == 302


def test_a_success_forgets_the_failures_before_it(enter):
    for _ in range(3):
        _fail(enter, PER_NAME - 1)
        assert enter(password=RIGHT).status_code == 302


def test_the_login_link_works_while_passwords_have_to_wait(enter, settings):
    _fail(enter, PER_NAME)
    assert enter().status_code == 429
    client = Client(REMOTE_ADDR="192.0.2.7")
    link = logins.create(settings.NEXUS_HOME)
    response = client.get(link)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get(reverse("admin:bus_event_changelist")).status_code == 200


def test_the_login_page_says_how_to_come_in_without_a_password(client, store):
    response = client.get("/admin/", follow=True)
    assert response.redirect_chain[0][0].startswith(LOGIN)
    assert "nexus serve" in response.content.decode()


def test_the_wait_is_over_when_the_first_attempt_is_a_quarter_of_an_hour_old(now):
    throttle = Throttle()
    for number in range(PER_NAME):
        assert throttle.take("dana", "here", now + timedelta(minutes=number)) == 0
    assert throttle.take("dana", "here", now + timedelta(minutes=5)) == 10 * 60 + 1
    assert throttle.take("dana", "here", now + WINDOW - timedelta(seconds=1)) == 2
    assert throttle.take("dana", "here", now + WINDOW) == 0
    assert throttle.take("dana", "here", now + WINDOW) == 60 + 1


def test_attempts_that_were_refused_do_not_lengthen_the_wait(now):
    throttle = Throttle()
    for _ in range(PER_NAME):
        throttle.take("dana", "here", now)
    for minute in range(14):
        assert throttle.take("dana", "here", now + timedelta(minutes=minute)) > 0
    assert throttle.take("dana", "here", now + WINDOW) == 0


def test_a_success_gives_the_address_no_more_attempts_than_its_own(now):
    throttle = Throttle()
    for number in range(PER_ADDRESS - 1):
        throttle.take(f"name-{number}", "here", now)
    assert throttle.take("dana", "here", now) == 0
    throttle.forgive("dana", "here")
    assert throttle.take("dana", "here", now) == 0
    assert throttle.take("dana", "here", now) > 0


def test_the_memory_of_attempts_is_bounded(now, monkeypatch):
    monkeypatch.setattr("nexus_site.audit.throttle.MOST_KEPT", 10)
    throttle = Throttle()
    for number in range(100):
        throttle.take("dana", f"address-{number}", now)
    assert len(throttle._tries) <= 12
