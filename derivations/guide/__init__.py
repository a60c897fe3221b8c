"""How-to pages, and the settings of the documentation that is built from them and from the docstrings."""
