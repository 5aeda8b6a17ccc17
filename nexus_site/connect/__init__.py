"""Writes Nexus into the configuration of coding agents, and takes it out again."""
