"""Photos of a case: before, after, the proof of a contact, a look on site."""
