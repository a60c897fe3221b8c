"""Constants with a radius: fields of numbers, balls, roots."""
