"""Saved filters: lists of cases to open again, with how many each holds now."""
