"""WHO: people, linked accounts, credentials."""
