"""Objections (申诉): a rider contests an entry or the lack of one, and his community answers in words."""
