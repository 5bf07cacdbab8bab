"""Registration: events, agenda, registrations, tickets, the check-in desk. Owns participants' personal data."""
