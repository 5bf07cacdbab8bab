"""Pure values, rules and decisions of registration: standard library only, no clock, no I/O."""
