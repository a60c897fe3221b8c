"""Phase II: the laws of 1 − u, 1 − s and the loss, their corrections, and the steps that reach them."""
