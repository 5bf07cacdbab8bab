"""How Passerelle runs: on one machine, in containers, on a cluster."""
