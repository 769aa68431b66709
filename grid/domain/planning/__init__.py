"""The plan ahead: a problem, its optimum by several engines, and what a stored Wh is worth while nobody knows what comes."""
