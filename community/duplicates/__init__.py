"""Likely duplicates: open cases near in place, time, category and words, shown to a person who decides."""
