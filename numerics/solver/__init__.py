"""The gradient flow: steps of three kinds, their control, and many problems at once."""
