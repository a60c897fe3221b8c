"""What claims are tried on: states, flows and runs of phase retrieval, and integrations of other means."""
