"""CARRY: what a backup worker does, one act a file. Each is given a ``bench.Bench`` and ends the job in one
transaction with what it made; ``backup_worker.py`` runs it."""
