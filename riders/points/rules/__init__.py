"""Point rules: how much is given for what, as versions; the district's administrator sets them."""
