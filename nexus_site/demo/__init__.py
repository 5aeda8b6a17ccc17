"""`nexus demo`: a small team of scripted agents at work on a real repository, over MCP like any other agent."""
