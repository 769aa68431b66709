"""The room's pages in the admin: what went to the chain, what it stands for, what came back."""

from contracts.admin import chain

__all__ = ["chain"]
