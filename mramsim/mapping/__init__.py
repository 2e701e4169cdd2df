"""Network to placement: which weights stand in which tile, how they are driven and read."""
