"""Each claim derived and checked, one module a chapter, and the command line.

``court``       statements and their checks: knows no paper
``statements``  the formulas of the theory, each typed once
``evidence``    what a chapter consists of: formulas, comparisons, checks, figures
``typeset``     SymPy expressions in the paper's notation, as LaTeX and MathML
``equations``   every equation of a model, in every format
``infinite``    the runs at d = ∞ that two chapters share
``model`` … ``tail``  the chapters
``audit``       every claim of the paper examined, with its verdict
``figures``     the six figures of the paper, one module each
``report``      all chapters on one self-contained page
``cli``         the command ``phase-retrieval``, its ``commands`` and their ``output``
"""
