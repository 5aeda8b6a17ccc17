"""What a script elsewhere reads of an open server without a key: nothing, by every path of the list of URLs."""

from typing import Any

import pytest

from tests.figures import figure
from tests.protocol.wires import HOST
from tests.security.test_headers import PATHS, head

ORIGINS = ("http://evil.example", "null")
# What tells nothing of anybody: files, probes, descriptions of the interface, the form to log in, what is not there.
OPEN = ("/static/", "/healthz", "/readyz", "/api/v1/docs", "/api/v1/openapi.json", "/admin/login/")


async def statuses(headers: dict[str, str | None]) -> dict[str, int]:
    """Return how every path answers, but what is open to all."""
    asked = [path for path in PATHS if not path.startswith(OPEN)]
    return {path: (await head("GET", path, headers)).reply.status for path in asked}


@pytest.mark.parametrize("origin", ORIGINS)
async def test_no_path_answers_a_script_elsewhere_that_says_only_its_origin(
    surface: None, operator: Any, origin: str
) -> None:
    found = await statuses({"origin": origin})
    assert [path for path, status in found.items() if status < 300] == []
    figure("T", f"paths that answer nothing to a script of {origin} without a key", f"{len(found)}")


async def test_the_same_paths_answer_the_own_page(surface: None, operator: Any) -> None:
    found = await statuses({"origin": f"http://{HOST}"})
    assert len([path for path, status in found.items() if status == 200]) > 25
