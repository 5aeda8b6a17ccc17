"""What an agent can be called on a command line, before anybody is asked."""

import re

from nexus_site.cli.command import USAGE, Failed

__all__ = ["agent_name"]

NAME = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,64}")


def agent_name(text: str) -> str:
    """Return the name if a file can be called so too, as its key is kept in one; else end the command."""
    if NAME.fullmatch(text):
        return text
    hint = "Use 1 to 64 of letters, digits, `.`, `_` and `-`, and not `.` or `..` alone."
    raise Failed.because(f"An agent cannot be called {text!r}.", hint, USAGE, "invalid_input")
