"""Results for people: tables for the terminal, figures, one self-contained HTML page."""
