"""How the servers of the Mastodon family describe themselves, accounts, media and posts."""
from datetime import datetime, timezone

import mastodon_text

# What a flavour sets; every one of them can be set apart as well.
FLAVOURS = {
    "mastodon": {"version": "4.5.9", "ids": "snowflake", "keys": "honour", "instance": "v2", "source": True,
                 "max_characters": 500, "url_cost": 23, "mentions_cut": True, "unit": "graphemes",
                 "too_long": 422, "max_media": 4, "alt_limit": 1500, "api_version": 7},
    "gotosocial": {"version": "0.19.1+git-a0bc2ed", "ids": "ulid", "keys": "ignore", "instance": "v2", "source": True,
                   "max_characters": 5000, "url_cost": 0, "mentions_cut": False, "unit": "code points",
                   "too_long": 400, "max_media": 6, "alt_limit": 1500, "api_version": None},
    "pleroma": {"version": "2.7.2 (compatible; Pleroma 2.7.0)", "ids": "flake", "keys": "pleroma", "instance": "v2",
                "source": True, "max_characters": 5000, "url_cost": 0, "mentions_cut": False, "unit": "graphemes",
                "too_long": 422, "max_media": 4, "alt_limit": 5000, "api_version": None},
    "snac": {"version": "4.0.0 (not true; really snac/2.75)", "ids": "micro", "keys": "ignore", "instance": "v1",
             "source": False, "max_characters": 100000, "url_cost": 0, "mentions_cut": False, "unit": "code points",
             "too_long": 422, "max_media": 4, "alt_limit": 5000, "api_version": None},
}
IMAGES = ["image/jpeg", "image/png", "image/gif", "image/webp"]


def instant(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def configuration(knobs):
    statuses = {"max_characters": knobs["max_characters"], "max_media_attachments": knobs["max_media"]}
    if knobs["url_cost"]:
        statuses["characters_reserved_per_url"] = knobs["url_cost"]
    return {"accounts": {"max_featured_tags": 10}, "statuses": statuses,
            "media_attachments": {"supported_mime_types": IMAGES + ["video/mp4"], "description_limit": knobs["alt_limit"],
                                  "image_size_limit": 16777216, "image_matrix_limit": 33177600,
                                  "video_size_limit": 103809024, "video_frame_rate_limit": 120,
                                  "video_matrix_limit": 8294400},
            "polls": {"max_options": 4, "max_characters_per_option": 50, "min_expiration": 300,
                      "max_expiration": 2629746}}


def instance(knobs, domain, number):
    common = {"title": "Books", "version": knobs["version"], "languages": ["en"], "rules": [],
              "configuration": configuration(knobs)}
    if number == 1:
        return common | {"uri": domain, "email": "", "description": "", "short_description": "",
                         "max_toot_chars": knobs["max_characters"], "registrations": False}
    two = common | {"domain": domain, "source_url": "https://example.org/source", "description": "",
                    "registrations": {"enabled": False}}
    return two | ({"api_versions": {"mastodon": knobs["api_version"]}} if knobs["api_version"] else {})


def account_id(name):
    """A fixed decimal id for a name, so that a server that starts again names it the same."""
    return str(109000000000000000 + int.from_bytes(name.encode()[:7].ljust(7, b"\0"), "big") % 10**15)


def account(name, base, own=False):
    value = {"id": account_id(name), "username": name, "acct": name, "display_name": name, "bot": True, "locked": False,
             "url": f"{base}/@{name}", "uri": f"{base}/users/{name}", "note": "", "fields": [], "emojis": [],
             "created_at": "2022-01-01T00:00:00.000Z", "statuses_count": 0, "followers_count": 0, "following_count": 0}
    if own:
        value["source"] = {"privacy": "public", "sensitive": False, "language": "en", "note": "", "fields": []}
    return value


def media(row, base, done=True):
    where = f"{base}/media/{row['id']}" if done else None
    return {"id": row["id"], "type": "image" if row["type"].startswith("image/") else "video", "url": where,
            "preview_url": where, "remote_url": None, "text_url": None, "meta": {},
            "description": row["description"], "blurhash": None}


def status(row, base, knobs, viewer, known):
    value = {"id": row["id"], "uri": f"{base}/users/{row['account']}/statuses/{row['id']}",
             "url": f"{base}/@{row['account']}/{row['id']}", "created_at": instant(row["created"]), "edited_at": None,
             "in_reply_to_id": row["in_reply_to_id"],
             "in_reply_to_account_id": account_id(row["account"]) if row["in_reply_to_id"] else None,
             "sensitive": row["sensitive"], "spoiler_text": row["warning"], "visibility": row["visibility"],
             "language": row["language"], "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
             "reblog": None, "poll": None, "card": None, "mentions": [], "emojis": [],
             "tags": [{"name": t.lower(), "url": f"{base}/tags/{t.lower()}"}
                      for t in mastodon_text.TAG.findall(row["text"])],
             "account": account(row["account"], base),
             "content": mastodon_text.to_html(row["text"], known, base),
             "media_attachments": [media(m, base) for m in row["media"]]}
    if viewer == row["account"]:
        value["application"] = {"name": row["application"], "website": None}
    if knobs["flavour"] == "pleroma":
        value["pleroma"] = {"local": True, "content": {"text/plain": row["text"]},
                            "spoiler_text": {"text/plain": row["warning"]}}
    return value


def source(row):
    return {"id": row["id"], "text": row["text"], "spoiler_text": row["warning"]}
