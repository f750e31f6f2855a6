"""What a user would pick instead: a module each, which says what differs beside its result."""
