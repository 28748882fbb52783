"""A pretend Spotify and Facebook over HTTP, for the demo and the tests."""
