"""Every address of the web page."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path

from mainstay.web import checks, data, find, frame, incidents, records, sign_in, system, systems, today


def root(_request: HttpRequest) -> HttpResponseRedirect:
    """The first page is Today."""
    return HttpResponseRedirect("/today/")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", root, name="root"),
    path("today/", today.today, name="today"),
    path("systems/", systems.systems, name="systems"),
    path("systems/<slug:name>/", system.system, name="system"),
    path("systems/<slug:system>/checks/<str:name>/", checks.check, name="check"),
    path("systems/<slug:system>/checks/<str:name>/run", checks.run, name="check-run"),
    path("systems/<slug:system>/checks/<str:name>/mute", checks.mute, name="check-mute"),
    path("systems/<slug:system>/checks/<str:name>/unmute", checks.unmute, name="check-unmute"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge", incidents.acknowledge, name="incident-acknowledge"),
    path("incidents/<int:number>/note", incidents.note, name="incident-note"),
    path("incidents/<int:number>/resolve", incidents.resolve, name="incident-resolve"),
    path("incidents/<int:number>/reopen", incidents.reopen, name="incident-reopen"),
    path("incidents/<int:number>/regrade", incidents.regrade, name="incident-regrade"),
    path("data/", data.data, name="data"),
    path("notices/", records.deliveries, name="notices"),
    path("audit/", records.records, name="audit"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("find/", find.find, name="find"),
    path("alarm/", frame.alarm, name="alarm"),
    path("language/", frame.set_language, name="language"),
    path("theme/", frame.set_theme, name="theme"),
    path("password/", sign_in.change_password, name="password"),
    path("", include("mainstay.api.urls")),
]


def not_found(request: HttpRequest, exception: Exception) -> object:  # noqa: ARG001 - Django's signature
    return render(request, "not_found.html", status=404)


handler404 = "mainstay.web.urls.not_found"
