"""One's own account: password, second factor, recovery codes, and how the first one of a district is made."""
