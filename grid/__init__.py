"""Decisions: balancing, storage, sharing, balance."""
