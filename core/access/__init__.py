"""Who is calling and what he may do: staff, sessions, roles over the area tree, policies."""
