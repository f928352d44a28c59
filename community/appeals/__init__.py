"""Residents' appeals: what someone asks for, with or without a place, with or without saying who he is."""
