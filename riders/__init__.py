"""People who ride: sign-up, appointment as part-time grid reporters, the reports they submit and their photos."""
