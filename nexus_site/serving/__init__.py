"""`nexus serve`: one supervisor that starts, watches and stops a web server and a cluster for background work."""
