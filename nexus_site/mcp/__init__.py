"""The MCP surface: one URL for both protocol eras.

`transport` authenticates and routes; short calls are answered here, sessions and streams by the SDK. `tools` shapes the
tool lists, `server` is what the SDK runs, `calls` goes through the door, `faults` puts the one error shape into protocol
errors, and `kernel` alone knows undocumented names of the SDK.
"""
