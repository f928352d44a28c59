"""Notes: what staff write to each other about a case. No reporter is ever shown one."""
