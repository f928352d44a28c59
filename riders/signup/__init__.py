"""Becoming and being a rider: the phone, the one-time code, the profile, the consents."""
