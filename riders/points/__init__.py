"""Points of reporters: rules that give them, a ledger with a reason for every entry, objections, monthly honours."""
