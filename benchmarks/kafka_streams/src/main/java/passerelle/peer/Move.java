package passerelle.peer;

/** Somebody came or went through one channel; the channel in person is the empty one. */
record Move(String channel, long time, String id, boolean opens, Long joinedAt) {}
