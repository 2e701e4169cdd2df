"""One magnetic tunnel junction: resistance, spread, noise, switching, retention, dynamics."""
