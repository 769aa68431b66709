"""Prices of a market: the forms in which they are published, and the services that are asked for them."""
