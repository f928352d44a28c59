"""What every room needs to keep a person's rights: the list of erasures, and how long what is kept."""
