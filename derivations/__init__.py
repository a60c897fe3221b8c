"""The theory told, checked and judged, a part of it a room, and the command line.

- ``court``: statements and their checks, claims and verdicts: knows no paper
- ``press``: what a book and a report consist of, and how they are printed
- ``setting``, ``escape``, ``convergence``, ``tail``, ``experiments``, ``beyond``: the rooms: each with its
  statements, its telling in the book, its measurements, the paper's claims and their pictures
- ``trials``: what claims are tried on
- ``register``: all claims; ``adjudication``: their table
- ``contents``: all chapters of the book; ``report``: all measurements on one self-contained page
- ``explorer``, ``guide``: the interactive page and the how-tos
- ``cli``: the command ``phase-retrieval``, its ``commands`` and their ``output``
"""

from theory.about import __getattr__ as __getattr__
