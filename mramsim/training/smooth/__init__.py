"""Parts of the adiabatic method: smooth layers, networks, schedules, export."""
