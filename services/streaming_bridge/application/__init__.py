"""The use cases of the bridge: receive a delivery, claim rooms, keep sources, send somebody to a meeting."""
