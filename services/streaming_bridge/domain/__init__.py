"""What the bridge decides, without a clock and without I/O: standard library only."""
