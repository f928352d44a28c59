"""Follow-up (回访): the visits that staff owe, and the link by which a reporter answers for himself."""
