"""What a server of the Mastodon family does with a text: counts it and turns it into HTML.

Counting follows app/validators/status_length_validator.rb of Mastodon (URLs with a scheme cost 23,
a mention costs its local part) closely enough for texts of tests; the HTML follows
app/lib/text_formatter.rb: paragraphs, line breaks, shortened links, mentions, hashtags.
"""
import html
import re
import unicodedata

URL = re.compile(r"(?<![\w@#$/])https?://[^\s<>()]+[^\s<>()?!*\"'.,;:$%\[\]~&|]", re.I)
MENTION = re.compile(r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(@[\w]+(?:[.-][\w]+)*)?", re.I)
TAG = re.compile(r"(?:(?<=\s)|^|(?<=[(\[]))[#＃](\w*[^\W\d_]\w*)")
ENTITY = re.compile("|".join(f"(?P<{name}>{pattern.pattern})" for name, pattern in
                             (("url", URL), ("mention", MENTION), ("tag", TAG))), re.I)


def graphemes(text):
    """Extended grapheme clusters, roughly: marks, joiners and modifiers go with what they follow."""
    count, joined, flags = 0, False, 0
    for c in unicodedata.normalize("NFC", text):
        code = ord(c)
        extends = unicodedata.category(c) in ("Mn", "Me", "Mc") or 0x1F3FB <= code <= 0x1F3FF
        flag = 0x1F1E6 <= code <= 0x1F1FF
        if not (extends or joined or code == 0x200D or (flag and flags % 2 == 1)):
            count += 1
        flags = flags + 1 if flag else 0
        joined = code == 0x200D
    return count


def length(text, warning, url_cost, mentions_cut, unit):
    """The counted length of a post as one flavour of server counts it."""
    if url_cost:
        text = URL.sub("x" * url_cost, text)
    if mentions_cut:
        text = MENTION.sub(lambda m: "@" + m.group(1), text)
    whole = (warning or "") + text
    return len(whole) if unit == "code points" else graphemes(whole)


def escape(text):
    return html.escape(text, quote=True).replace("&#x27;", "&#39;")


def link(url):
    """A link as Mastodon shows it: without scheme, cut after 30 characters."""
    scheme = re.match(r"https?://(?:www\.)?", url, re.I).group(0)
    shown, hidden = url[len(scheme):][:30], url[len(scheme):][30:]
    cut = ' class="ellipsis"' if hidden else ' class=""'
    return (f'<a href="{escape(url)}" target="_blank" rel="nofollow noopener" translate="no">'
            f'<span class="invisible">{escape(scheme)}</span><span{cut}>{escape(shown)}</span>'
            f'<span class="invisible">{escape(hidden)}</span></a>')


def mention(name, domain, known, base):
    """A mention of an account that the server knows becomes a link; another stays as typed."""
    if not domain and name.lower() not in known:
        return "@" + name
    where = f"https://{domain[1:]}/@{name}" if domain else f"{base}/@{name}"
    return (f'<span class="h-card" translate="no"><a href="{escape(where)}" class="u-url mention">'
            f"@<span>{escape(name)}</span></a></span>")


def tag(name, base):
    return (f'<a href="{base}/tags/{escape(name.lower())}" class="mention hashtag" rel="tag">'
            f"#<span>{escape(name)}</span></a>")


def line_to_html(line, known, base):
    out, at = [], 0
    for m in ENTITY.finditer(line):
        out.append(escape(line[at:m.start()]))
        at = m.end()
        word = m.group(0)
        if m.group("url"):
            out.append(link(word))
        elif m.group("mention"):
            inner = MENTION.match(word)
            out.append(mention(inner.group(1), inner.group(2), known, base))
        else:
            out.append(tag(word[1:], base))
    return "".join(out) + escape(line[at:])


def to_html(text, known=(), base="http://localhost"):
    """text as the `content` of a status. known: names of local accounts, lower case."""
    paragraphs = re.split(r"\n{2,}", text.strip("\n"))
    return "".join("<p>" + "<br />".join(line_to_html(line, known, base) for line in paragraph.split("\n"))
                   + "</p>" for paragraph in paragraphs)
