"""Whom to reach: the person behind a case or an application, in the clear, for a reason that is kept."""
