"""This worker and its peers, side by side: the same facts, the same presence, each in its own process, in turn."""
