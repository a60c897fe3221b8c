"""The commands of ``phase-retrieval``, one a module; ``derivations.cli`` imports them when called."""
