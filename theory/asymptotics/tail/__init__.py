"""The tail of the spectrum: what is learned when, the plateau before, the error after."""
