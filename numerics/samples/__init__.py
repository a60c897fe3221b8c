"""Gradient flow on n samples, predicted without drawing them.

Near the teacher the flow is linear least squares with the features z_i x_i, z_i = ⟨x_i, w*⟩, and a function
of its random operator Ĥ = (1/n) Σ_i z_i² x_i x_iᵀ is one of resolvents, which many directions make
deterministic:

- ``label_averages``: what a sample gives to them, averages over its label
- ``resolvent``: the mean of (Ĥ + μ)⁻¹, and of products of two of them
- ``laplace``: exponentials of Ĥ from resolvents at complex μ
- ``linear_flow``: the mean loss and MSE of the linear flow, their parts of the teacher and of the noise
- ``predicted``: ``predict_samples``, the whole flow
- ``escape``: ``sample_escape``, what n samples do to the rate at which it leaves 0
"""

from numerics.samples.escape import SampleEscape, sample_escape
from numerics.samples.predicted import SamplePrediction, predict_samples

__all__ = ["SampleEscape", "SamplePrediction", "predict_samples", "sample_escape"]
