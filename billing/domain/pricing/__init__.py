"""Tariffs as typed parts, and one engine that rates many customers at once: bills, previews, what-ifs and studies use it."""
