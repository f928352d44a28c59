"""Reporters: riders who apply, are appointed by a community for a term, renewed or revoked."""
