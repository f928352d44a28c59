"""People in the words and photos of cases: taken out when a person asks for it, or when their time is over."""
