"""The catalogue as code: who changed what, whether the files say what is in force, and all of it to take away."""

import io
import zipfile

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from mainstay.catalogue import drift, export
from mainstay.catalogue import queries as found
from mainstay.domain.actor import authorise
from mainstay.web import lists
from mainstay.web.access import actor, may, page

PER_PAGE = 25
ACTS = ("created", "changed", "retired", "restored")


@page("catalogue.export")
def catalogue(request: HttpRequest) -> HttpResponse:
    """Files against what is in force, and the revisions."""
    authorise(actor(request), "catalogue.export")
    wanted = {
        "text": lists.words(request), "act": lists.chosen(request, "act", ACTS),
        "sort": lists.chosen(request, "sort", found.SORTS, "newest"),
    }  # fmt: skip
    context = {
        **lists.shown(request, found.revisions(**wanted), PER_PAGE), **wanted,
        "acts": ACTS, "sorts": tuple(found.SORTS),
        "drift": drift.drift(), "where": drift.CATALOGUE.name, "may_apply": may(request, "catalogue.apply", None),
        "systems": found.systems(),
    }  # fmt: skip
    return render(request, "catalogue.html", context)


@page("catalogue.export")
def download(request: HttpRequest) -> HttpResponse:
    """What ``mainstay export`` writes, in one archive."""
    authorise(actor(request), "catalogue.export")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in export.files().items():
            archive.writestr(name, text)
    headers = {"Content-Disposition": 'attachment; filename="catalogue.zip"'}
    return HttpResponse(packed.getvalue(), content_type="application/zip", headers=headers)
