"""Wide quadratic networks whose teacher's second layer falls as a power: directions emerge one by one."""
