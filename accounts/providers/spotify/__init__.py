"""Spotify as a way in, with addresses from the settings."""
