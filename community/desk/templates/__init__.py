"""Templates (常用语): words to use again, with places that a case fills."""
