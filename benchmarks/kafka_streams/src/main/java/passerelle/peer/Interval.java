package passerelle.peer;

/** A span of presence in milliseconds since the epoch; {@code end} is null while it goes on. */
record Interval(String mode, long start, Long end) {}
