"""Online SGD: how it leaves 0, how long that takes, and its stability, floors and noise at the teacher."""
