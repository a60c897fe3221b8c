"""Phase I: growth rates and amplitudes at w = 0, the fast manifold, the times and the law of the escape."""
