"""Clocks: how long each step may take, when it is due, and who is told when it is late."""
