"""Notices: who is told when something happens on a case."""
