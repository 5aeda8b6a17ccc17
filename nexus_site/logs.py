"""How a line of the log is written: of keys and login links it shows only that there was one."""

import logging
import re

from bus.text import without_secrets

__all__ = ["Discreet"]

LINK = re.compile(r"(/login/)[^\s/?\"']+")


class Discreet(logging.Formatter):
    """Writes a record, its traceback too, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record."""
        text: str = without_secrets(super().format(record))
        return LINK.sub(r"\1…", text)
