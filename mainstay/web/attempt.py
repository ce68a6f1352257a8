"""What a form asked for is done, and its reader told how it went."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from mainstay.domain.saying import said


def attempt(request: HttpRequest, work: Callable[[], Any], done: str) -> bool:
    """Do it and say ``done``, or say why it was refused; whether it is."""
    try:
        work()
    except ValueError as error:
        messages.error(request, said(error, _))
        return False
    messages.success(request, done)
    return True
