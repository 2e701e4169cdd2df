"""``python -m mramsim`` is the command ``mramsim``."""

from mramsim.cli.main import run

run()
