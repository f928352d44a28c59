"""Personal data at rest: sealed values, blind indexes to find them by, and keys that are in no database."""
