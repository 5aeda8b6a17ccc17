"""Measures Nexus against the floor of its own web server and disk: `python -m benchmarks`."""
