"""What `./dev` does; the standard library only, as it runs before anything is installed."""
