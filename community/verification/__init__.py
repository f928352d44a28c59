"""Looks on site: when a case needs one, by rule or because it was asked for, and what can be answered."""
