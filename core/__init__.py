"""What every room needs and that knows no domain: database, HTTP adapter, access, events, calendar, files."""
