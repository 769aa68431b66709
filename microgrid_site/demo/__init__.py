"""The demo: a real village grid through every room, from signed message to checked bill."""
