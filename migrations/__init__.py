"""Numbered SQL files, forward only; `core.migration` applies them."""
