r"""The names in which laws are written.

Eigenvalues :math:`\lambda_i = i^{-a}/Z` and masses :math:`\lambda_i (w^*_i)^2 = i^{-a-2B}/N`, both of sum 1.
"""

import sympy

a, eta, m, n, d, t, epsilon, delta, gamma, C, Z, N, rho = sympy.symbols(
    "a eta m n d t epsilon delta gamma C Z N rho", positive=True
)
"""Exponent, step, batch, number of samples or steps, dimension, time, levels; what laws are made of."""

alpha, g_0, j, lag = sympy.symbols("alpha g_0 j Lambda", positive=True)
"""Of wide networks: the second layer's exponent, the start, a direction, and the front."""

B, t_0, M, K = sympy.symbols("B t_0 M K", real=True)
"""The source exponent of the teacher; the shift of time by the start; memories in the corrections."""

sigma2 = sympy.Symbol("sigma2", nonnegative=True)
"""The variance of the labels' noise."""

amplification, history, eta_c, typical, level, fall, trace = sympy.symbols(
    "A_eta I eta_c r_eta U_a p H_p", positive=True
)
"""Constants of online SGD, and that of the saddle's growth."""

start_size, start_overlap, late_time, ratio, dilution = sympy.symbols(
    "r_0^2 m_a tau_a kappa^2 D_gamma", positive=True
)
"""Of a normalised student: its squared length, its overlap and time at d = inf, that length over
the teacher's, and how what is learnt dilutes it.
"""

MEANINGS: dict[sympy.Symbol, str] = {
    a: "eigenvalues of the inputs' covariance fall as i^-a",
    B: "squares of the teacher's components fall as i^-2B",
    d: "dimension",
    Z: "sum of i^-a over the modes: the eigenvalues are i^-a/Z",
    t: "time of the flow; of steps of size eta, eta times their number",
    n: "number of samples",
    eta: "size of a step",
    m: "samples a step",
    sigma2: "variance of the labels' noise",
    epsilon: "tolerance: T2 is the time after which |u - 1| and |s - 1| stay below it",
    delta: "level of |u| that ends the escape",
    rho: "escape_rate of the constants: the growth rate of u at w = 0",
    t_0: "shift of time by the start; f.p. means the finite part: "
    "lim w_i(0)/(8 lambda_i w*_i) - f.p. int_0^oo (1 - u) dt",
    amplification: "sgd_amplification of the constants, (1 + 2 r)/(1 - kappa); 1 for small steps",
    eta_c: "sgd_stability_step of the constants: the largest stable step",
    typical: "sgd_escape_rate_typical of the constants: the growth of a typical run at w = 0 in a unit of "
    "time, less than log(1 + eta rho)/eta, to which it tends for small steps",
    fall: "the schedule: steps eta (1 - k/n)^p, k < n",
    trace: "teacher_trace of the asymptotics: tr (Q + 2 Q w* w*'Q)^(1/(p + 1))",
    history: "sgd_noise_history of the constants, eta times the sum over steps of 3 tau + 12 nu, where "
    "tau = E (w - w*)'Q(w - w*) and nu = E ((w - w*)'Qw*)^2, from the start on",
    alpha: "strengths of the teacher's directions fall as j^-alpha",
    g_0: "strength of every direction at the start",
    j: "number of a direction",
    start_size: "squared length |w(0)|^2 of the start, which the flow keeps",
    start_overlap: "median overlap of a random start at d = inf: .53 at a = 2, no formula",
    late_time: "median of the time, or of d times it for a > 1, at d = inf: no formula",
    level: "saddle_growth_prefactor of the asymptotics: U in u ~ U (t/d)^x along the saddle",
}
"""What the names mean that have no formula."""
