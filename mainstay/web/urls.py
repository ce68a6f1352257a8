"""Every address of the web page."""

from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, include, path

from mainstay.web import (
    account,
    catalogue,
    checks,
    data,
    design,
    edit_check,
    factors,
    find,
    frame,
    help,
    incidents,
    inspection,
    invitation,
    people,
    records,
    sign_in,
    status,
    system,
    system_text,
    systems,
    today,
    tokens,
    wall,
)


def root(_request: HttpRequest) -> HttpResponseRedirect:
    """The first page is Today."""
    return HttpResponseRedirect("/today/")


urlpatterns: list[URLPattern | URLResolver] = [
    path("", root, name="root"),
    path("today/", today.today, name="today"),
    path("systems/", systems.systems, name="systems"),
    path("systems/<slug:name>/", system.system, name="system"),
    path("systems/<slug:system>/checks/<str:name>/", checks.check, name="check"),
    path("systems/<slug:name>/yaml/", system_text.system_yaml, name="system_yaml"),
    path("systems/<slug:system>/checks/<str:name>/edit/", edit_check.edit, name="check_edit"),
    path("systems/<slug:system>/checks/<str:name>/run", checks.run, name="check-run"),
    path("systems/<slug:system>/checks/<str:name>/mute", checks.mute, name="check-mute"),
    path("systems/<slug:system>/checks/<str:name>/unmute", checks.unmute, name="check-unmute"),
    path("incidents/", incidents.incidents, name="incidents"),
    path("incidents/<int:number>/", incidents.incident, name="incident"),
    path("incidents/<int:number>/acknowledge", incidents.acknowledge, name="incident-acknowledge"),
    path("incidents/<int:number>/note", incidents.note, name="incident-note"),
    path("incidents/<int:number>/files/<int:file>", incidents.attachment, name="attachment"),
    path("incidents/<int:number>/resolve", incidents.resolve, name="incident-resolve"),
    path("incidents/<int:number>/reopen", incidents.reopen, name="incident-reopen"),
    path("incidents/<int:number>/regrade", incidents.regrade, name="incident-regrade"),
    path("inspections/", inspection.inspections, name="inspections"),
    path("inspections/run", inspection.run, name="inspection-run"),
    path("inspections/month/", inspection.month, name="inspectionmonth"),
    path("inspections/countersign", inspection.countersign, name="countersign"),
    path("inspections/<int:number>/", inspection.inspection, name="inspection"),
    path("inspections/<int:number>/sign", inspection.sign, name="inspection-sign"),
    path("inspections/<int:number>/refuse", inspection.refuse, name="inspection-refuse"),
    path("inspections/<int:number>/<int:place>/remark", inspection.remark, name="inspection-remark"),
    path("inspections/<int:number>/<int:place>/raise", inspection.raise_incident, name="inspection-raise"),
    path("inspections/<int:number>/<str:name>", inspection.file, name="inspectionfile"),
    path("data/", data.data, name="data"),
    path("notices/", records.deliveries, name="notices"),
    path("audit/", records.records, name="audit"),
    path("design/", design.design, name="design"),
    path("wall/", wall.wall, name="wall"),
    path("status/", status.status, name="status"),
    path("status.json", status.status_json, name="status-json"),
    path("status.atom", status.status_atom, name="status-atom"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/new/", system_text.system_new, name="system_new"),
    path("catalogue/download/", catalogue.download, name="catalogue_download"),
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/second/", sign_in.second, name="sign-in-second"),
    path("sign-in/passkey/options", sign_in.passkey_options, name="sign-in-passkey-options"),
    path("sign-in/passkey", sign_in.passkey_finish, name="sign-in-passkey"),
    path("invitation/", invitation.invitation, name="invitation"),
    path("invitation/<str:text>", invitation.opened, name="invitation-link"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("help/", help.contents, name="help"),
    path("help/<slug:name>/", help.help_page, name="help-page"),
    path("find/", find.find, name="find"),
    path("alarm/", frame.alarm, name="alarm"),
    path("language/", frame.set_language, name="language"),
    path("theme/", frame.set_theme, name="theme"),
    path("account/", account.account, name="account"),
    path("account/ways", account.set_ways, name="account-ways"),
    path("account/password/", account.change_password, name="password"),
    path("account/prove/", account.prove, name="account-prove"),
    path("account/sessions/end", account.end_other_sessions, name="account-sessions-end"),
    path("account/sessions/<int:number>/end", account.end_session, name="account-session-end"),
    path("account/factor/", factors.factor, name="account-factor"),
    path("account/factor/begin", factors.begin_factor, name="account-factor-begin"),
    path("account/factor/remove", factors.remove_factor, name="account-factor-remove"),
    path("account/recovery-codes", factors.new_codes, name="account-codes"),
    path("account/passkeys/new/", factors.new_passkey, name="account-passkey"),
    path("account/passkeys/options", factors.new_passkey_options, name="account-passkey-options"),
    path("account/passkeys/add", factors.add_passkey, name="account-passkey-add"),
    path("account/passkeys/<int:number>/remove", factors.remove_passkey, name="account-passkey-remove"),
    path("people/", people.people, name="people"),
    path("people/invite", people.invite, name="person-invite"),
    path("people/of/<str:username>/", people.person, name="person"),
    path("people/of/<str:username>/change", people.change, name="person-change"),
    path("people/of/<str:username>/password-link", people.password_link, name="person-password-link"),
    path("people/of/<str:username>/reset-factor", people.reset_factors, name="person-factor-reset"),
    path("people/of/<str:username>/end-sessions", people.end_sessions, name="person-sessions-end"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/create", tokens.create, name="token-create"),
    path("tokens/<slug:number>/revoke", tokens.revoke, name="token-revoke"),
    path("", include("mainstay.api.urls")),
]


def not_found(request: HttpRequest, exception: Exception) -> object:  # noqa: ARG001 - Django's signature
    return render(request, "not_found.html", status=404)


handler404 = "mainstay.web.urls.not_found"
