"""The secretary's desk: words to use again, many cases at once, lists to open again, notes, what is owed today."""
