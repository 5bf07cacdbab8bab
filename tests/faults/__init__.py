"""Real processes on a real Kafka, hurt while thousands of facts go through: they tell the fold of the facts, always."""
