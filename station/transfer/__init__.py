"""Whole lists of stations in and out: CSV, xlsx and GeoJSON, all of a file or nothing."""
