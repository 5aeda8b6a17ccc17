"""Python loads this first: it sets the clock of Nexus on, or back, by the seconds in the file that STEPPED_CLOCK names.

Nobody may set the clock of the machine for a test; Nexus reads the time in one place only, and here is the wall beside it.
"""

import os
from datetime import datetime, timedelta
from pathlib import Path

if "STEPPED_CLOCK" in os.environ:
    from bus import clock

    here = Path(os.environ["STEPPED_CLOCK"])
    real = clock.now

    def now() -> datetime:
        """Return the instant that the stepped clock shows."""
        return real() + timedelta(seconds=int(here.read_text() or "0"))

    clock.now = now
