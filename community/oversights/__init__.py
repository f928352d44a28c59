"""Oversights (疏漏): what should have happened to a case and has not."""
