"""The toolset `agent-bus`: ten tools about topics under the names of a known family, for prompts and skills that use it.

A thin translation: `arguments` reads what was sent, `tools` is the table, `topics`, `syncing` and `searching` call our own
operations through the door, `shapes` and `texts` say their answers in the family's words, and `faults` their refusals.
"""
