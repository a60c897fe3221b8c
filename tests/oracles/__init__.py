"""Reference engines, written from the definitions, that share no code with the product."""
