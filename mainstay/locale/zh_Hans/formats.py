"""Figures of money are read in groups of three, as every ledger has them; Django says four."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
