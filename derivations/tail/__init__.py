"""The tail of the spectrum.

``statements`` the formulas, each typed once; ``telling`` the chapters of the book; ``measured`` the sections
of the report; ``claims`` of the paper, examined; ``pictures`` that decide them.
"""
