"""What the annotations of arrays say."""

import numpy as np

Array = np.ndarray
