"""The formulas of the theory, each typed once: book and report print them, checks are asked of them."""
