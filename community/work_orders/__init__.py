"""Work orders (工单): what each department owes on a case, one of them in the lead."""
