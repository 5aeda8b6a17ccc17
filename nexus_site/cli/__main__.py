"""`python -m nexus_site.cli` is `nexus`."""

import sys

from nexus_site.cli import main

sys.exit(main())
