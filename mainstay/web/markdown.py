"""Markdown to HTML, for our own manual and for what people write alike: no HTML passes through."""

from unicodedata import east_asian_width

from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

# No HTML passes through: what stands in the Markdown is shown as it is written there. Pictures would be fetched from
# wherever a writer says, by everybody who reads.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def parse(text: str) -> list[Token]:
    """The text as tokens, without what the security policy forbids."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        token.attrs.pop("style", None)
        _join(token.children or [])
    return tokens


def render(tokens: list[Token]) -> SafeString:
    """As HTML. Tables and code scroll inside their boxes, and can be scrolled by keyboard."""
    html = str(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))
    html = html.replace("<pre>", '<pre tabindex="0">')
    html = html.replace("<table>", '<div class="scroll" tabindex="0"><table>').replace("</table>", "</table></div>")
    return mark_safe(html)  # noqa: S308 - made by the renderer, which lets no HTML of the text through


def written(text: str) -> SafeString:
    """What a person wrote, below a heading of its own: its headings are smaller ones, and its links lead away without
    saying where from."""
    tokens = parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 1)}" if token.tag == "h1" else token.tag
        for one in token.children or []:
            if one.type == "link_open":
                one.attrSet("rel", "noopener noreferrer nofollow")
    return render(tokens)


def _join(parts: list[Token]) -> None:
    """A line that ends in Chinese goes on without a space."""
    for place, one in enumerate(parts):
        if one.type == "softbreak":
            before = "".join(part.content for part in parts[:place])[-1:]
            after = "".join(part.content for part in parts[place + 1 :])[:1]
            if _wide(before) and _wide(after):
                one.type, one.content = "text", ""


def _wide(character: str) -> bool:
    return bool(character) and east_asian_width(character) in "WF"
