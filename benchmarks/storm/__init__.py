"""Runs under faults in virtual time: a Spotify without sockets, mortal workers, and a judge."""
