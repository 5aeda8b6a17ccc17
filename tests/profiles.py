"""How much hypothesis tries: `ci` unless told otherwise, `--hypothesis-profile proof` for hours of it."""

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, database=None, max_examples=50)
settings.register_profile("proof", deadline=None, max_examples=2000)
settings.load_profile("ci")
