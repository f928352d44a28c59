"""A rider's rights over his own data: a copy of it, another phone number, and to be erased."""
