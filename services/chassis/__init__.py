"""What every service needs to run, and nothing about events, tickets or attendance."""
