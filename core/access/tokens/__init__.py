"""Tokens, and the rows of the sessions they belong to; what is done with them is in `core.access.sessions`."""
