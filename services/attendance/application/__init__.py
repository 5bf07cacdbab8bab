"""What the service does with facts: reads them, folds them as they come, answers questions about them."""
