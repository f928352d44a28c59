"""New boundaries by way of the pages: a file read by a process of its own, what it changes, and the draft's fate."""
