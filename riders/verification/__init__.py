"""Looks on site by riders: who is offered one, who takes it, what he found, and what happens when nobody does."""
