"""What to solve: problems, power laws, measured covariances, their exact reduction and linearisation."""
