"""Posts where somebody is on duty, the shifts of their rota, and handing one over."""
