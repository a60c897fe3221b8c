"""Statements of mathematics with their checks: knows no paper."""
