"""Paths from outside: the real path first, then its parts; nothing outside of what was asked for is read, held or written."""

import asyncio
import itertools
import os
import re
import unicodedata
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command

from bus import backups, places, restoring
from bus.errors import InvalidInput
from handoffs import globs, paths
from tests.figures import figure
from tests.live.servers import PATIENCE, Rest, Server, mcp_tools, play
from tests.live.sockets import frames
from tests.live.test_sessions import rpc
from tests.security.test_hosts import ask

NFC, NFD = "caf\u00e9", unicodedata.normalize("NFD", "caf\u00e9")
LONG = "x" * 256
# No path of a folder that anybody may name.
NO_FOLDERS = (
    *("", ".", "..", "~", "~root", "src", "./src", "../..", "C:\\src", "\\\\server\\share", "file:///etc", "$HOME"),
    *("/nowhere/at/all", "/etc/passwd", "/etc/passwd/", f"/tmp/{LONG}", "/" + "a/" * 2000, "/dev/null"),
    *("/tmp\x00/x", "\x00", "/tmp/\u202e", "/tmp/\n", "/proc/self/mem", "/%2e%2e/", "//nowhere//share"),
)
# Names that a folder may well have, each another folder than all others.
NAMES = (
    *("repo", "repo-2", "repo2", "Repo", "repo.git", "rep", "re po", " repo", "repo ", "CON", "NUL", "aux", "COM1.txt"),
    *(
        NFC,
        NFD,
        "\u202erepo",
        "re\nport",
        "-rf",
        "$(id)",
        "`id`",
        "a;b",
        "%2e%2e",
        "..repo",
        "...",
        "~",
        "*",
        "x" * 255,
    ),
)
# Globs that mean nothing inside a workspace.
NO_GLOBS = (
    *("", " ", ".", "..", "../x", "a/../b", "a/..", "/etc/passwd", "//x", "C:/x", "c:x", "a\\b", "..\\x", "\\\\s\\x"),
    *("a\x00b", "a\nb", "a\x1b[31m", "a\x9bb", "x" * 301, "a/" * 41, "***", "a**", "**.py"),
)
# Two ways to write one place, and two places that look like one.
TWINS = ((NFC, NFD), ("src/" + NFC + "/**", "src/" + NFD + "/x"), ("./src//a", "src/a"), ("src/", "src/**"))
STRANGERS = (
    *(("src/**", "src2/**"), ("src/a", "src/ab"), ("src", "Src"), ("src/*", "src/a/b"), ("a.py", "a.pyc")),
    *(("\uff0e\uff0e/x", "x"), ("%2e%2e/x", "x"), ("a\u2215b", "a/b"), ("\u0430", "a")),
)
# Names that lead elsewhere where a name is joined to a folder.
ELSEWHERE = (
    *("..", "../operator.key", "../../etc/passwd", "..%2foperator.key", "%2e%2e/operator.key", "....//operator.key"),
    *("%252e%252e%252foperator.key", "/etc/passwd", "//etc/passwd", "..\\operator.key", "..%5coperator.key"),
    *("operator.key", "./operator.key", "x/../../operator.key", "%00", "operator.key%00.css", "x%0d%0aSet-Cookie:y=1"),
    *("\uff0e\uff0e/operator.key", "%c0%ae%c0%ae/operator.key", ".", "~/.ssh", "nexus.sqlite3", "x" * 3000),
)
SECRET = re.compile(r"nxs_[0-9a-z]+_|SQLite format 3|root:.*:0:0:")


# Folders


@pytest.mark.parametrize("path", NO_FOLDERS)
def test_what_is_no_folder_is_refused_and_shown_safely(path: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        places.find_root(path)
    assert refused.value.details["field"] == "project_root"
    assert not re.search(r"[\x00-\x08\x0b-\x1f\u202e]", str(refused.value.details["sent"]))


def test_every_name_is_a_workspace_of_its_own_with_a_plain_alias(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name / ".git").mkdir(parents=True)
    roots = {name: places.find_root(str(tmp_path / name)) for name in NAMES}
    assert {name: root.name for name, root in roots.items()} == {name: name for name in NAMES}
    assert len({places.public_id(root) for root in roots.values()}) == len(NAMES)
    for root in roots.values():
        assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}", places.alias(root)), root


def test_a_folder_is_told_by_its_real_path_however_it_is_written(tmp_path: Path) -> None:
    home, other = tmp_path / "repo", tmp_path / "other"
    for folder in (home, other):
        (folder / ".git").mkdir(parents=True)
    (home / "src").mkdir()
    (tmp_path / "link").symlink_to(home)
    (other / "inside").symlink_to(home / "src")
    (tmp_path / "chain").symlink_to(tmp_path / "link")
    written = ("repo", "repo/", "repo/.", "repo//src", "repo/src/..", "link", "link/src", "chain/src/../src")
    written += ("other/inside", "other/inside/..", "other/../repo", "./link/./src")
    assert {str(places.find_root(f"{tmp_path}/{path}")) for path in written} == {str(home)}
    assert places.find_root(str(tmp_path / "other")) == other
    assert places.find_root(f"/proc/self/root{home}") == home


@pytest.mark.parametrize("name", [".git", "config"])
def test_a_pipe_in_the_place_of_a_file_holds_nobody_up(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "repo"
    place = folder if name == ".git" else folder / ".git"
    place.mkdir(parents=True)
    os.mkfifo(place / name)

    async def looked() -> None:
        async with asyncio.timeout(PATIENCE):
            await places.look_aside(str(folder))

    asyncio.run(looked())
    assert places.at(str(folder)).git_remote == ""


# Globs


@pytest.mark.parametrize("glob", NO_GLOBS)
def test_a_glob_that_leaves_the_workspace_is_refused(glob: str) -> None:
    with pytest.raises(InvalidInput):
        globs.check(glob)


@pytest.mark.parametrize(("one", "other"), TWINS)
def test_one_place_is_one_however_it_is_written(one: str, other: str) -> None:
    assert paths.meet(globs.check(one), globs.check(other))
    assert globs.check(unicodedata.normalize("NFD", one)) == globs.check(unicodedata.normalize("NFC", one))
    if "*" not in other:
        assert globs.matches(globs.check(one), other)


@pytest.mark.parametrize(("one", "other"), STRANGERS)
def test_places_that_look_alike_are_two(one: str, other: str) -> None:
    assert not paths.meet(globs.check(one), globs.check(other))


def test_no_glob_matches_a_path_outside() -> None:
    for glob, path in itertools.product(("**", "**/*", "*", "a/**"), ("/etc/passwd", "../x", "a/../../x", "..")):
        assert not globs.matches(globs.check(glob), path), (glob, path)


# Backups


@pytest.fixture
def kept(settings: Any, tmp_path: Path) -> Path:
    """A data directory of which nothing is a backup."""
    settings.NEXUS_HOME = tmp_path / "home"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "operator.key").write_text("nxs_operator_0123")
    (backups.folder() / "link.sqlite3").symlink_to(tmp_path / "home" / "operator.key")
    (backups.folder() / "folder.sqlite3").mkdir()
    return tmp_path / "home"


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../operator.key",
            "operator.key",
            "link.sqlite3",
            "folder.sqlite3",
            ".",
            "..",
            "",
            "/etc/passwd",
            "/dev/zero",
        ),
        *("~nobody-here/x.sqlite3", "/nowhere/x.sqlite3", "file:///etc/passwd", "x" * 300, "a\x00b"),
    ],
)
def test_what_is_no_backup_is_never_put_back(db: None, kept: Path, name: str) -> None:
    with pytest.raises(CommandError):
        call_command("restore", name)
    assert (kept / "operator.key").read_text() == "nxs_operator_0123"
    assert {path.name for path in kept.iterdir()} <= {"backups", "operator.key", restoring.LOCK}


def test_a_list_of_backups_names_nothing_else(db: None, kept: Path) -> None:
    (backups.folder() / "nexus-20260301-030000.sqlite3").write_bytes(b"")
    (backups.folder() / "nexus-20260301-030000.sqlite3.part").write_bytes(b"")
    (backups.folder() / "nexus-99999999-999999.sqlite3").write_bytes(b"")
    assert [copy.name for copy in backups.kept()] == ["nexus-20260301-030000.sqlite3"]


# Surfaces

slow = pytest.mark.slow


@pytest.fixture(scope="module")
def cast(server: Server) -> tuple[Rest, Rest]:
    """Two agents of one workspace; beside it another with a twin's name, and a link that leads there."""
    twin = server.project.with_name(f"{server.project.name}-2")
    (twin / ".git").mkdir(parents=True)
    (server.project / "link").symlink_to(twin)
    server.operator().post("agents", name="mallory", project_root=str(twin))
    return server.agent("alice"), server.agent("bob")


async def over_every_surface(server: Server, key: str, name: str, orders: list[dict[str, Any]]) -> list[set[str]]:
    """Make each call over MCP and over a socket; return the codes that each was refused with."""
    async with mcp_tools(server, key, query="?toolsets=all") as tool, frames(server, key, "?inbox=false") as frame:
        return [{_code(await call(name, **order)) for call in (tool, frame)} for order in orders]


def _code(answer: Any) -> str:
    return str(answer["error"]["code"]) if "error" in answer else "taken"


@slow
def test_no_surface_takes_a_path_that_is_no_folder_or_not_ones_own(server: Server, cast: tuple[Rest, Rest]) -> None:
    alice, _ = cast
    before = len(server.operator().get("workspaces", limit=200)["workspaces"])
    foreign = [
        str(server.project.with_name(f"{server.project.name}-2")),
        f"{server.project}/link",
        "/",
        "/etc",
        "/proc/self",
    ]
    foreign += [f"{server.project}-2/", f"{server.project}/../{server.project.name}-2", str(server.home)]
    for operation in ("session_open", "workspace_resolve"):
        orders = [{"project_root": path} for path in (*NO_FOLDERS, *foreign)]
        codes = play(over_every_surface(server, alice.key, operation, orders))
        assert codes == [{"invalid_input"}] * len(NO_FOLDERS) + [{"not_found"}] * len(foreign), operation
    for path in (*NO_FOLDERS, *foreign):
        assert alice.http.post("sessions", json={"project_root": path}).status_code in (404, 422), path
    assert len(server.operator().get("workspaces", limit=200)["workspaces"]) == before
    assert _code(alice.get("workspaces/resolve", project_root=f"{server.project}/../{server.project.name}")) == "taken"
    figure(
        "T",
        "paths that are no folder or another's, over REST, MCP and sockets",
        f"{len(NO_FOLDERS + tuple(foreign))}, all refused",
    )


@slow
def test_no_surface_holds_what_is_outside_and_twins_are_held_once(server: Server, cast: tuple[Rest, Rest]) -> None:
    alice, bob = cast
    bad = [{"globs": [glob]} for glob in NO_GLOBS]
    for operation in ("paths_reserve", "paths_check", "paths_release"):
        assert play(over_every_surface(server, alice.key, operation, bad)) == [{"invalid_input"}] * len(bad), operation
    jobs = [{"title": "Job", "to": "bob", "paths": [glob]} for glob in NO_GLOBS]
    assert play(over_every_surface(server, alice.key, "handoff_create", jobs)) == [{"invalid_input"}] * len(jobs)
    for number, (one, other) in enumerate(TWINS):
        assert _code(alice.post("paths", globs=[f"t{number}/{one}"])) == "taken"
        assert _code(bob.post("paths", globs=[f"t{number}/{other}"])) == "path_taken", (one, other)
    for number, (one, other) in enumerate(STRANGERS):
        assert _code(alice.post("paths", globs=[f"s{number}/{one}"])) == "taken"
        assert _code(bob.post("paths", globs=[f"s{number}/{other}"])) == "taken", (one, other)


@slow
def test_no_name_in_a_url_leads_out_of_its_folder(server: Server, cast: tuple[Rest, Rest]) -> None:
    names = [quote(name, safe="%/\\~:=.") for name in ELSEWHERE]
    places_of_names = (
        "/static/{}",
        "/static/css/{}",
        "/messages/{}.json",
        "/settings/{}",
        "/login/{}",
        "/agents/{}/keys",
    )
    places_of_names += ("/api/v1/messages/{}", "/api/v1/handoffs/{}", "/api/v1/agents/{}", "/admin/{}/", "/{}")
    wrong = []
    for place, name in itertools.product(places_of_names, names):
        status, head = ask(server, "GET", place.format(name), {})
        if status >= 500 or SECRET.search(head) or "set-cookie: y=1" in head:
            wrong.append((place, name, status))
        if place.startswith("/static/") and status not in (400, 404, 414):
            wrong.append((place, name, status))
    assert wrong == []
    assert server.operator().get("whoami")["origin"] == "operator"
    assert (server.home / "operator.key").read_text().startswith("nxs_")
    for form in ("../csv", "csv%00", "/etc/passwd", "..", "xml"):
        answer = server.operator().http.get(f"{server.url}/events/export", params={"format": form})
        assert answer.status_code == 422, form
    figure("T", "names in URLs that lead elsewhere", f"{len(places_of_names) * len(names)}, none leads out")


@slow
def test_no_resource_leads_out_of_the_reference(server: Server, cast: tuple[Rest, Rest]) -> None:
    alice, _ = cast
    uris = [
        f"{before}{name}" for before in ("nexus://reference/", "nexus://message/", "nexus://") for name in ELSEWHERE
    ]
    for uri in [*uris, "file:///etc/passwd", "nexus://reference/../settings", f"file://{server.home}/operator.key"]:
        said = alice.http.post("mcp", json=rpc("resources/read", uri=uri)).json()
        assert said["error"]["data"]["code"] in ("not_found", "invalid_input"), (uri, said)
