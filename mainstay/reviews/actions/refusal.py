"""Why an act is refused."""


class Illegal(ValueError):
    """The review or the action does not allow this; the message says what would."""
