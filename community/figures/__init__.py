"""Figures: what became of the cases of a period, each share with its denominator and up to which moment."""
