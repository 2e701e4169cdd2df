"""Energy, latency and area from counted events and cards; the digital baselines beside them."""
