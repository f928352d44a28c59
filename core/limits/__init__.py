"""How much may be asked, by whom: exact budgets in the database, cheap rates in memory, lanes under load."""
