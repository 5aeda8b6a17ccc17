"""Who calls over REST: a key, a login, or the person at the machine; and never by falling back."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from bus import clock
from bus.models import Key
from nexus_site.cookies import SessionStore
from tests.protocol.wires import HOST, wire
from tests.surfaces.clients import BASE, Stream

WHOAMI = f"{BASE}/whoami"


async def test_person_at_the_machine_needs_no_key(rest, operator):
    answer = await rest().get("/whoami")
    assert (answer["agent"], answer["origin"]) == ("operator", "operator")


@pytest.mark.parametrize(
    "header",
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip", "forwarded", "via"],
)
async def test_call_through_a_proxy_needs_a_key(rest, operator, header, assert_refused):
    reply = await rest().send("GET", "/whoami", **{header: "127.0.0.1"})
    assert reply.status == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert_refused(reply.json, "unauthorized")


@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::ffff:10.0.0.1", "", "nonsense"])
async def test_call_from_another_machine_needs_a_key(surface, operator, address, assert_refused):
    request = wire("GET", WHOAMI)
    request.scope["client"] = [address, 50000]
    assert_refused((await request.run()).json, "unauthorized")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
async def test_every_loopback_address_is_this_machine(surface, operator, address):
    request = wire("GET", WHOAMI)
    request.scope["client"] = [address, 50000]
    assert (await request.run()).json["agent"] == "operator"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:8642", "LOCALHOST", "[::1]", "[::1]:8642"])
async def test_every_loopback_name_is_this_machine(surface, operator, host):
    assert (await wire("GET", WHOAMI, {"host": host}).run()).json["agent"] == "operator"


async def test_name_of_the_network_needs_a_key(surface, operator, settings, assert_refused):
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "nexus.example"]
    reply = await wire("GET", WHOAMI, {"host": "nexus.example:8642"}).run()
    assert_refused(reply.json, "unauthorized")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer nxs_unknown_key",
        "Bearer nxs_a_b_c",
        "Basic b3BlcmF0b3I6",
        "Bearer é",
        "nxs_a_b",
    ],
)
async def test_wrong_key_never_falls_back(rest, operator, header, assert_refused):
    reply = await rest().send("GET", "/whoami", authorization=header)
    assert reply.status == 401
    assert_refused(reply.json, "unauthorized")


async def test_key_of_which_one_letter_is_wrong_is_refused(rest, alice, keys, assert_refused):
    key = keys["alice"]
    wrong = key[:-1] + ("0" if key[-1] != "0" else "1")
    assert_refused((await rest().send("GET", "/whoami", authorization=f"Bearer {wrong}")).json, "unauthorized")


@pytest.fixture
def expired(surface, operator, alice, do):
    """A key of alice that ended a minute ago."""
    minted = do("key_mint", operator, agent="alice")
    Key.objects.filter(prefix=minted.prefix).update(expires_at=clock.now() - timedelta(minutes=1))
    return minted.key


async def test_expired_key_is_refused(rest, expired, assert_refused):
    reply = await rest().send("GET", "/whoami", authorization=f"Bearer {expired}")
    assert assert_refused(reply.json, "unauthorized")["message"] == "The key has expired."


async def test_key_that_may_only_read_writes_nothing(rest, operator, alice, bob, assert_refused):
    key = (await rest().post("/agents/alice/keys", scope="read"))["key"]
    read = {"authorization": f"Bearer {key}"}
    assert (await rest().send("GET", "/inbox", **read)).status == 200
    reply = await rest().send("POST", "/messages", {"to": "bob", "subject": "a", "body": "b"}, **read)
    assert_refused(reply.json, "forbidden")


async def test_agent_does_nothing_that_is_for_operators(rest, alice, assert_refused):
    assert_refused(await rest("alice").post("/agents", name="eve"), "forbidden")
    assert_refused(await rest("alice").get("/settings"), "forbidden")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_page_elsewhere_reads_nothing_as_the_person_at_the_machine(rest, operator, alice, site, assert_refused):
    reply = await rest().send("GET", "/whoami", sec_fetch_site=site)
    assert_refused(reply.json, "wrong_origin")
    assert (await rest().send("GET", "/whoami", sec_fetch_site="none")).status == 200
    assert (await rest("alice").send("GET", "/whoami", sec_fetch_site=site)).status == 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "", "http://127.0.0.1:1", f"http://{HOST}.evil.example"]
)
async def test_script_elsewhere_that_says_only_its_origin_needs_a_key_to_read(
    rest, operator, alice, origin, assert_refused
):
    assert_refused((await rest().send("GET", "/whoami", origin=origin)).json, "wrong_origin")
    assert (await rest("alice").send("GET", "/whoami", origin=origin)).status == 200
    written = await rest("alice").send("POST", "/messages", {"to": "alice", "subject": "a", "body": "b"}, origin=origin)
    assert_refused(written.json, "wrong_origin")


@pytest.mark.parametrize("origin", [f"http://{HOST}", f"https://{HOST}", f"HTTP://{HOST}"])
async def test_own_page_that_says_its_origin_reads_without_a_key(rest, operator, origin):
    assert (await rest().send("GET", "/whoami", origin=origin)).status == 200


class Browser:
    """A browser in which somebody is logged in."""

    def __init__(self, user: User) -> None:
        session = SessionStore()
        session["_auth_user_id"] = str(user.pk)
        session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
        session["_auth_user_hash"] = user.get_session_auth_hash()
        session.create()
        self.cookie = f"nexus_session={session.session_key}"

    async def send(self, method, path, body=None, **headers):
        sent = {"cookie": self.cookie, "origin": f"http://{HOST}", **headers}
        return await wire(method, BASE + path, sent, body).run()


@pytest.fixture
def browser(surface, operator):
    return Browser(User.objects.create_user("Jo Smith", password="a long password", is_staff=True))


async def test_login_calls_as_an_operator_of_its_own(browser):
    answer = (await browser.send("GET", "/whoami")).json
    assert (answer["agent"], answer["origin"]) == ("Jo-Smith-operator", "operator")


async def test_login_reads_nothing_for_a_script_elsewhere(browser, assert_refused):
    assert_refused((await browser.send("GET", "/whoami", origin="http://evil.example")).json, "wrong_origin")


async def test_login_works_from_another_machine(browser):
    request = wire("GET", WHOAMI, {"cookie": browser.cookie})
    request.scope["client"] = ["192.0.2.7", 50000]
    assert (await request.run()).json["origin"] == "operator"


@pytest.fixture
def guest(surface, operator):
    return Browser(User.objects.create_user("guest"))


async def test_login_that_is_not_staff_is_nobody(guest, assert_refused):
    request = wire("GET", WHOAMI, {"cookie": guest.cookie})
    request.scope["client"] = ["192.0.2.7", 50000]
    assert_refused((await request.run()).json, "unauthorized")


async def test_write_of_a_login_needs_its_token(browser, alice, assert_refused):
    note = {"to": "alice", "subject": "a", "body": "b"}
    assert_refused((await browser.send("POST", "/messages", note)).json, "forbidden")
    token = "t" * 32
    cookie = f"{browser.cookie}; nexus_csrf={token}"
    sent = await browser.send("POST", "/messages", note, **{"cookie": cookie, "x-csrftoken": token})
    assert sent.status == 201


async def test_event_names_the_person_behind_a_login(browser, alice, rest):
    token = "t" * 32
    headers = {"cookie": f"{browser.cookie}; nexus_csrf={token}", "x-csrftoken": token}
    await browser.send("POST", "/messages", {"to": "alice", "subject": "a", "body": "b"}, **headers)
    (event,) = (await rest("alice").get("/events", types="message.created"))["events"]
    assert (event["actor"], event["origin"]) == ("Jo-Smith-operator", "operator")


async def test_login_reads_the_stream_through_the_whole_chain_of_django(browser, alice, rest):
    reading = Stream(wire("GET", f"{BASE}/events/stream?types=message.created", {"cookie": browser.cookie}))
    await reading.opened()
    sent = await rest().post("/messages", to="alice", subject="a", body="b")
    assert (await reading.event())["data"]["message"] == sent["message"]
    await reading.leave()
    assert reading.task.done()
