"""Letters and tickets: where they are kept, how they are written, and the way to the mail server."""
