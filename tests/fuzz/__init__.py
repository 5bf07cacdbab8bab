"""Whatever may come to a door: a little of it in every run of the tests, much in a run of its own (`make fuzz`)."""
