"""The fold: from the facts of an event to the presence of its people. Pure; instants are integer milliseconds."""
