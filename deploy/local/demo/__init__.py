"""The demo: a hybrid colloquium, played through the real interfaces and compared with what the system answers."""
