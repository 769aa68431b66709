"""People: users, memberships, roles, consent, who looked at what."""
