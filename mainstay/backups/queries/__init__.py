"""Reading what became of backups."""
