"""Speed of the simulation beside torch on the same shapes, in one run."""
