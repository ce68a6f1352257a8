"""What is said when something cannot be done."""


class Refused(ValueError):
    """It cannot be done so; the message says what would be right."""
