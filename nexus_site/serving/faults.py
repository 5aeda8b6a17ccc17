"""What keeps Nexus from serving, told in a sentence and an exit code."""

__all__ = ["DATA", "MOVED", "USAGE", "CannotServe"]

USAGE = 2
DATA = 3
MOVED = 4  # the web server ended because the files of the database are others now


class CannotServe(Exception):
    """The server cannot start as it was asked to."""

    def __init__(self, message: str, code: int = DATA) -> None:
        """Keep the sentence to print and the exit code."""
        super().__init__(message)
        self.message, self.code = message, code
