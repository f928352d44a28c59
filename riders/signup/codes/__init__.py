"""One-time codes by SMS: sending and trying them, and every limit on both."""
