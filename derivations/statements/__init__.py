"""The formulas of the theory, each typed once: book and report print them, and their checks are asked of them."""
