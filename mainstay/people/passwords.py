"""How passwords are hashed."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2(Argon2PasswordHasher):
    """Argon2id at the OWASP Password Storage Cheat Sheet's figures (19 MiB, 2 passes, 1 lane).

    Django's default takes 100 MiB a sign-in: ten people at once would take a gigabyte on a small machine.
    """

    time_cost = 2
    memory_cost = 19 * 1024
    parallelism = 1
