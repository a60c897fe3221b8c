"""The press: what a book and a report consist of, and how they are printed.

- ``document``: chapters, derivations, steps, tables, pictures
- ``proof``: steps that check themselves
- ``evidence``: what a section of the report consists of: formulas, comparisons, checks, figures
- ``typeset``: SymPy expressions in the paper's notation, as LaTeX and MathML
``equations`` every equation of a model, in every format
- ``site``: the book as linked HTML pages with MathML
- ``tex``: the book as LaTeX
- ``plain``: derivations in the terminal, as Markdown, LaTeX or JSON
- ``linear``: formulas on a line of Unicode
"""
