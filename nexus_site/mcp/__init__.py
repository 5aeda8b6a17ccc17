"""The MCP surface: one URL for both protocol eras.

`transport` authenticates and routes; `short` answers calls that need no stream, the SDK holds sessions and streams.
`sittings` ties an MCP session to a Nexus session, `tools` shapes the tool lists, `server` is what the SDK runs, `calls`
goes through the door, `faults` and `streams` put the one error shape into protocol errors, and `kernel` alone knows
undocumented names of the SDK.
"""
