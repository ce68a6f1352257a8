"""Help: the manual in the product, in the reader's language where there is one, and searchable."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from mainstay.web import manual
from mainstay.web.access import page
from mainstay.web.lists import words


@page("catalogue.read")
def contents(request: HttpRequest) -> HttpResponse:
    """What there is, or what a search found."""
    language, text = get_language() or "en", words(request)
    context = {"pages": manual.pages(language), "text": text, "found": manual.search(text, language)}
    return render(request, "help.html", context)


@page("catalogue.read")
def help_page(request: HttpRequest, name: str) -> HttpResponse:
    """One page of it."""
    language = get_language() or "en"
    found = manual.page(name, language) if name != manual.INDEX else None
    if found is None:
        raise Http404
    return render(request, "help_page.html", {"one": found, "pages": manual.pages(language)})
