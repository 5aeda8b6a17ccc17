"""The parts of the server and the command line that need no process of their own."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from bus import clock
from nexus_site.cli import COMMANDS, main
from nexus_site.cli.calls import value_of
from nexus_site.cli.command import Failed, aligned
from nexus_site.cli.routes import Route, route_of
from nexus_site.serving import lock, logins
from nexus_site.serving.lock import Lock, Running


def _token(home: Path) -> str:
    return logins.create(home).removeprefix("/login/")


def test_a_login_link_works_once(tmp_path: Path) -> None:
    token = _token(tmp_path)
    assert logins.consume(tmp_path, token, clock.now())
    assert not logins.consume(tmp_path, token, clock.now())


def test_a_login_link_ends_after_an_hour(tmp_path: Path) -> None:
    token = _token(tmp_path)
    assert not logins.consume(tmp_path, token, clock.now() + logins.LIFETIME + timedelta(seconds=5))
    assert not logins.consume(tmp_path, token, clock.now())


def test_of_many_who_open_a_login_link_one_enters(tmp_path: Path) -> None:
    token = _token(tmp_path)
    with ThreadPoolExecutor(16) as pool:
        entered = list(pool.map(lambda _: logins.consume(tmp_path, token, clock.now()), range(64)))
    assert entered.count(True) == 1


def test_login_links_that_nobody_used_are_tidied_away(tmp_path: Path) -> None:
    old, new = _token(tmp_path), _token(tmp_path)
    for path in (tmp_path / "logins").iterdir():
        if path.name == logins._digest(old):
            os.utime(path, (0, 0))
    logins.tidy(tmp_path, clock.now())
    assert [path.name for path in (tmp_path / "logins").iterdir()] == [logins._digest(new)]


def test_the_lock_has_one_holder(tmp_path: Path) -> None:
    first, second = Lock(tmp_path), Lock(tmp_path)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_what_a_dead_server_wrote_into_the_lock_counts_for_nothing(tmp_path: Path) -> None:
    held = Lock(tmp_path)
    held.acquire()
    held.tell(Running(os.getpid(), "http://127.0.0.1:1", "0", "daphne", "now"))
    found = lock.running(tmp_path)
    assert found is not None
    assert found.url == "http://127.0.0.1:1"
    held.close()
    assert "127.0.0.1" in (tmp_path / lock.NAME).read_text()
    assert lock.running(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", "5"),
        ("true", "true"),
        ("null", None),
        ('["a", "b"]', ["a", "b"]),
        ('{"role": "x"}', {"role": "x"}),
        ('"5"', "5"),
        ("5 apples", "5 apples"),
        ("truely", "truely"),
        ("", ""),
        ("[broken", "[broken"),
    ],
)
def test_values_are_json_where_they_look_like_it(text: str, value: object) -> None:
    assert value_of(text) == value


DESCRIPTION = {
    "paths": {
        "/api/v1/handoffs/claim": {"post": {"operationId": "handoff_claim_best"}},
        "/api/v1/handoffs/{handoff}/claim": {"post": {"operationId": "handoff_claim"}},
        "/api/v1/messages": {"get": {"operationId": "message_list"}},
        "/api/v1/agents/{agent}/keys/{key}": {"delete": {"operationId": "key_revoke"}},
    }
}


def test_the_route_is_the_one_whose_places_are_given() -> None:
    assert route_of(DESCRIPTION, "handoff_claim", {"handoff": "hnd_1"}).path == "/api/v1/handoffs/{handoff}/claim"
    assert route_of(DESCRIPTION, "handoff_claim", {}).path == "/api/v1/handoffs/claim"


def test_arguments_go_into_path_query_or_body() -> None:
    key = route_of(DESCRIPTION, "key_revoke", {"agent": "a/b", "key": "k", "idempotency_key": "1"})
    assert key.filled({"agent": "a/b", "key": "k", "idempotency_key": "1"}) == (
        "/api/v1/agents/a%2Fb/keys/k",
        "",
        {"idempotency_key": "1"},
    )
    listing = Route("GET", "/api/v1/messages")
    assert listing.filled({"limit": 5, "types": ["a", "b"], "query": "x y"}) == (
        "/api/v1/messages",
        "limit=5&types=a%2Cb&query=x+y",
        None,
    )


@pytest.mark.parametrize(("name", "said"), [("key_revoke", "agent, key"), ("mesage_list", "message_list")])
def test_an_operation_that_cannot_be_called_is_explained(name: str, said: str) -> None:
    with pytest.raises(Failed) as failed:
        route_of(DESCRIPTION, name, {})
    error = failed.value.shape["error"]
    assert said in error["message"] + error["hint"]


def test_columns_stand_under_each_other() -> None:
    assert aligned([("A", "BB"), ("long", "c")]) == ["A     BB", "long  c"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    shown = capsys.readouterr().out
    assert ended.value.code == 0
    assert f"\n  nexus {name}" in shown
    assert "--json" in shown or "ACTION" in shown


def test_the_overview_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"  {name} " in shown for name in COMMANDS)


def test_a_slip_of_the_finger_is_answered_with_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stauts"]) == 2
    assert "nexus status" in capsys.readouterr().err
