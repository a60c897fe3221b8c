"""Modules written by ``theory.symbolic.codegen``; do not edit them."""
