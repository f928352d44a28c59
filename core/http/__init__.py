"""The one HTTP adapter: requests into typed calls, values into JSON, refusals into problems, routes into OpenAPI."""
