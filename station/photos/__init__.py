"""The photos of stations: one each, sent by whoever keeps it, seen by anybody."""
