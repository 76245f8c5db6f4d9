"""The login side of a Mastodon server: apps, the authorisation page, the token endpoint (RFC 6749,
RFC 7636 with S256 alone, RFC 8414). The page asks for a name instead of a password: whoever opens
it may be anybody. The token for NAME is always `t-NAME`, as Mastodon's is the same for the same
person, app and scopes.
"""
import base64
import hashlib
import html
import secrets
import threading
import time
from urllib.parse import urlencode

from http1 import Answer

OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"


def oauth_error(name, text, status=400):
    return Answer(status, {"error": name, "error_description": text})


def page(title, body, status=200):
    return Answer(status, f"<!DOCTYPE html><html><head><title>{html.escape(title)}</title></head>"
                          f"<body><h1>{html.escape(title)}</h1>{body}</body></html>", kind="text/html; charset=utf-8")


class OAuth:
    def __init__(self, knobs):
        self.knobs, self.lock = knobs, threading.Lock()
        self.apps, self.codes, self.app_of = {}, {}, {}

    def discovery(self, base):
        if not self.knobs["discovery"]:
            return Answer(404, {"error": "Not Found"})
        return Answer(200, {"issuer": base + "/", "authorization_endpoint": base + "/oauth/authorize",
                            "token_endpoint": base + "/oauth/token", "revocation_endpoint": base + "/oauth/revoke",
                            "app_registration_endpoint": base + "/api/v1/apps",
                            "scopes_supported": ["read", "write", "profile", "write:statuses", "write:media",
                                                 "read:statuses", "read:accounts"],
                            "response_types_supported": ["code"], "response_modes_supported": ["query", "form_post"],
                            "grant_types_supported": ["authorization_code", "client_credentials"],
                            "code_challenge_methods_supported": ["S256"],
                            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"]})

    def register(self, fields):
        uris = fields.get("redirect_uris") or []
        uris = uris.split() if isinstance(uris, str) else list(uris)
        if not fields.get("client_name") or not uris:
            return Answer(422, {"error": "Validation failed: Application name can't be blank"})
        app = {"id": str(len(self.apps) + 1), "name": fields["client_name"], "website": fields.get("website"),
               "scopes": str(fields.get("scopes") or "read").split(), "redirect_uris": uris, "redirect_uri": "\n".join(uris),
               "client_id": secrets.token_urlsafe(32), "client_secret": secrets.token_urlsafe(32),
               "client_secret_expires_at": 0}
        with self.lock:
            self.apps[app["client_id"]] = app
        return Answer(200, app)

    def complaint(self, q):
        """Why this authorisation can't be asked for, or None."""
        app = self.apps.get(q.get("client_id"))
        if not app:
            return "invalid_client"
        if q.get("redirect_uri") not in app["redirect_uris"]:
            return "invalid_redirect_uri"
        if q.get("response_type") != "code":
            return "unsupported_response_type"
        if not set(q.get("scope", "read").split()) <= set(app["scopes"]):
            return "invalid_scope"
        if q.get("code_challenge") and q.get("code_challenge_method") != "S256":
            return "invalid_code_challenge_method"
        if self.knobs["pkce"] == "required" and len(q.get("code_challenge", "")) != 43:
            return "code_challenge required"
        return None

    def ask(self, query):
        why = self.complaint(query)
        if why:
            return page("An error has occurred", f"<p>{html.escape(why)}</p>", 400)
        kept = "".join(f'<input type="hidden" name="{html.escape(k)}" value="{html.escape(v)}">' for k, v in query.items())
        return page("Authorization required", f'<form method="post" action="/oauth/authorize">{kept}'
                                              '<label>Account <input name="user"></label><button>Authorize</button></form>')

    def agree(self, fields):
        why = self.complaint(fields) or (None if fields.get("user") else "no account named")
        if why:
            return page("An error has occurred", f"<p>{html.escape(why)}</p>", 400)
        code = secrets.token_urlsafe(32)
        with self.lock:
            self.codes[code] = dict(fields)
        if fields["redirect_uri"] == OUT_OF_BAND:
            return page("Authorization code", f'<input class="oauth-code" readonly value="{code}">')
        answer = {"code": code} | ({"state": fields["state"]} if fields.get("state") else {})
        mark = "&" if "?" in fields["redirect_uri"] else "?"
        return Answer(302, b"", [("Location", fields["redirect_uri"] + mark + urlencode(answer))])

    def token(self, fields, authorization):
        fields = dict(fields)
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:]).decode().partition(":")
            fields |= {"client_id": pair[0], "client_secret": pair[2]}
        app = self.apps.get(fields.get("client_id"))
        if not app or not secrets.compare_digest(app["client_secret"], str(fields.get("client_secret", ""))):
            return oauth_error("invalid_client", "Client authentication failed due to unknown client.", 401)
        if fields.get("grant_type") != "authorization_code":
            return oauth_error("unsupported_grant_type", "The authorization grant type is not supported.")
        return self.redeem(app, fields)

    def redeem(self, app, fields):
        with self.lock:
            asked = self.codes.pop(fields.get("code"), None)  # a code works once, also when it fails
        if not asked or asked["client_id"] != app["client_id"] or asked["redirect_uri"] != fields.get("redirect_uri") \
                or not proven(asked.get("code_challenge"), fields.get("code_verifier")):
            return oauth_error("invalid_grant", "The provided authorization grant is invalid, expired, revoked, "
                                                "does not match the redirection URI, or was issued to another client.")
        with self.lock:
            self.app_of[asked["user"]] = app["name"]
        return Answer(200, {"access_token": "t-" + asked["user"], "token_type": "Bearer",
                            "scope": asked.get("scope", "read"), "created_at": int(time.time())})


def proven(challenge, verifier):
    """RFC 7636, section 4.6, S256."""
    if not challenge:
        return not verifier
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == challenge
