"""Signing in and out, and one's own password."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from mainstay.people.actions import Refused, change_own_password
from mainstay.people.models import Person
from mainstay.web.access import page

sign_in = LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True)
sign_out = LogoutView.as_view()


def locked_out(request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:
    """Too many wrong passwords from one place for one name."""
    return render(request, "locked_out.html", status=429)


@page("catalogue.read")
def change_password(request: HttpRequest) -> HttpResponse:
    """One's own; the old one is asked for."""
    assert isinstance(request.user, Person)  # noqa: S101 - see ``page``
    form: forms.Form = PasswordChangeForm(request.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            change_own_password(request.user, form.cleaned_data["new_password1"])
        except Refused as error:
            form.add_error("new_password1", str(error))
        else:
            login(request, request.user, backend="django.contrib.auth.backends.ModelBackend")
            messages.success(request, _("Your password is changed."))
            return redirect("today")
    return render(request, "password.html", {"form": form})
