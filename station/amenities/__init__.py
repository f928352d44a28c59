"""What a station offers: the kinds of amenity a district knows, and the state of each at a station."""
