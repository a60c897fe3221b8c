"""The audit's table: every claim of the paper with its verdict."""

from collections.abc import Iterator

from derivations.press.document import Asked, Block, Chapter, Prose, Verdicts


def _write(asked: Asked) -> Iterator[Block]:
    yield Prose(r"""
        Every claim of the paper, and every printed step of its proofs that could be told apart, is an
        object in the code: the statement with its constants, a test that can fail, and the verdict.
        Identities are proved by SymPy from the definitions. Inequalities are attacked by optimisation over
        spectra, teachers, starts and times. Laws are measured against the solver.

        The vocabulary is fixed. *Proved*: a symbolic identity, or an argument checked step by step.
        *Enclosed*: interval arithmetic. *Measured*: numerics, with the error. *Not sharp*: true, and a
        sharp form is known. *False as stated*: there is a counterexample, itself proved, enclosed or
        measured, and a corrected statement. *Gap*: the statement may hold, this step of its proof does not.
        *Undecided*: the evidence says what is missing. `phase-retrieval audit ID` settles one anew; each
        counterexample can be replayed in one line.

        Beside a claim that is false or not sharp stands a picture that decides: dashed the paper's
        statement, as a line ours, as points a measurement that is neither, such as a run of the solver, a
        quadrature or the evaluation of random states. The side that a bound of the paper forbids is shaded,
        and a ring marks the point that breaks it most. Where values are compared state by state, what is
        measured is the diagonal. A constant that the paper leaves open is chosen as the legend says. Each
        picture is checked: the points obey our statement within a stated tolerance, and leave the paper's,
        or obey it from afar where it is true but not sharp.
        """)
    yield Verdicts(asked.verdicts())


chapter = Chapter("audit", "The audit", (), _write)
