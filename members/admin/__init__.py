"""The room's pages in the admin, and the roles that all rooms' pages go by."""

from members.admin import people

__all__ = ["people"]
