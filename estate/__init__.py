"""The demo's real systems under care: an ERP on PostgreSQL, kept busy, broken on demand.

A program of its own. Nothing of the product imports it and it imports nothing of the product:
the ERP (Tryton) is GPL software and stays on this side of a process boundary.
"""
