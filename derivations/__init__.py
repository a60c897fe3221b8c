"""Each claim derived and checked, one module a chapter, and the command line.

``evidence``    what a chapter consists of: formulas, comparisons, checks, figures
``typeset``     SymPy expressions in the paper's notation, as LaTeX and MathML
``model`` … ``tail``  the chapters
``report``      all chapters on one self-contained page
``cli``         the command ``phase-retrieval``
"""
