"""A rider's copy of his own data: one ZIP of JSON files and photos, sent as it is made."""
