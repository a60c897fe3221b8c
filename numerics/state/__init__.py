"""What a run knows at a time: modes in their charts and frames, overlaps, limits; the trajectory."""
