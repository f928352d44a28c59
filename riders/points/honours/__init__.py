"""Honours of a month: who they go to is decided by the worth of what was reported; no volume alone can win one."""
