"""Results as labelled arrays, files, pictures and cards in a notebook."""
