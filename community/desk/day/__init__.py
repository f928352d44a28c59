"""My day (今日待办): what someone's desks owe, in the order in which it breaches."""
