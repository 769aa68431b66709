"""Shared vocabulary of all rooms: units, money, rounding, intervals. Standard library only."""
