"""Taps at the door: what riders tell of a station, and the faults that come of it."""
