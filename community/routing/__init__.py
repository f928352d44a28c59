"""Routing: which desk answers for a case, the departments, and the rules that choose between them."""
