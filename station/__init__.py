"""Rest stations for riders: registry, amenities, hours, nearby search, upkeep feedback. Never imports riders."""
