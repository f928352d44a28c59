"""The dry run: what changed rules would have done to the cases of the past."""
