"""WHAT: versions, runs, and the lists they change."""
