"""Places: datums, points, the area tree and its generations, locating, geocoding."""
