"""The program: settings, composition root, routes page, scheduler clock, command line, embedded PostgreSQL."""

__version__ = "0.1.0"
