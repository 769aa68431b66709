"""Embedded servers: started for whatever setting is left empty, stopped by whoever started them."""
