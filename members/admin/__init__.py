"""The room's pages in the admin, and the roles that all rooms' pages go by."""

from members.admin import notifications, people

__all__ = ["notifications", "people"]
