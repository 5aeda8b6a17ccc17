"""What `nexus-hook` does for a harness; nothing but the standard library is loaded, as it runs at every prompt."""
