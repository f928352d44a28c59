"""One verb done to many cases at once: each stands or falls alone."""
