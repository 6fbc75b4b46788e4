"""Sends built dashboards to a Grafana over its HTTP API: for those who don't provision files. Needs no SDK.

    POST /api/folders           the folder of the language, once; 409 or 412 says that it is there
    POST /api/dashboards/db     each dashboard, over what is there
    PATCH /api/org/preferences  the home of the organisation, if asked for

Certificates are verified, and no redirect is followed: a token goes only where it was sent.
"""

from __future__ import annotations

import http.client
import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from collector.errors import OxygridError, UserError
from collector.outgoing import tls_context
from collector.version import VERSION

FOLDERS = {"en": "Oxygrid", "hi": "Oxygrid हिन्दी", "fr": "Oxygrid français", "ar": "Oxygrid العربية"}
TIMEOUT_S = 15.0
MOST_WORDS = 300
ANSWERS = {
    401: "the token is not valid, or has expired; make a service account with the role Editor, and a token of it",
    403: "the token may not do this; give its service account the role Editor (for the home dashboard: Admin)",
    404: "no Grafana answers there; give its address as --url, with its sub-path if it has one",
    412: "something else stands in the way (a folder of that name, or a dashboard of a plugin); rename or remove it",
}
"""What would be right, by the status of the answer."""


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """A redirect is an answer like any other: an error, with where it leads."""


@dataclass(frozen=True, slots=True)
class Grafana:
    """Where to, and with what. `ca_file` holds the authorities to trust in place of the system's."""

    url: str
    token: str
    ca_file: Path | None = None
    timeout_s: float = TIMEOUT_S

    def ask(self, method: str, path: str, body: Mapping[str, Any], fine: tuple[int, ...] = ()) -> int:
        """The status, where it is a success or one of `fine`. Raises UserError for what a person can mend, else OxygridError."""
        request = urllib.request.Request(  # noqa: S310 - the scheme is checked by `checked_url`
            self.url + path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Accept": "application/json"},
            method=method,
        )
        try:
            with self._opener().open(request, timeout=self.timeout_s) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as exc:
            with exc:
                if exc.code in fine:
                    return exc.code
                raise _refused(exc.code, f"{method} {self.url}{path}", _words(exc)) from None
        except (OSError, http.client.HTTPException) as exc:
            raise self._unreachable(exc) from exc

    def _opener(self) -> urllib.request.OpenerDirector:
        context = tls_context(str(self.ca_file) if self.ca_file else None)
        return urllib.request.build_opener(_StayHere, urllib.request.HTTPSHandler(context=context))

    def _unreachable(self, exc: Exception) -> OxygridError:
        reason = getattr(exc, "reason", exc)
        if isinstance(reason, ssl.SSLCertVerificationError):
            return UserError(
                f"{self.url}: its certificate is not trusted ({reason.verify_message}); give the certificate's CA with --ca-file"
            )
        if isinstance(reason, TimeoutError):
            return OxygridError(f"{self.url}: no answer within {self.timeout_s:g} s")
        return UserError(f"{self.url}: can't be reached: {reason}")


def checked_url(url: str) -> str:
    """Without a slash at the end. Raises UserError where it is no address of a web server."""
    if not url.startswith(("http://", "https://")):
        raise UserError(f"{url!r} is no address; e.g. https://grafana.example.org")
    return url.rstrip("/")


def push(grafana: Grafana, out: Path, language: str, *, one_bucket: bool = False) -> Iterator[str]:
    """Send the dashboards of a language; yields the title of each once it is there."""
    files = sorted((out / language).glob("*.json"))
    if not files:
        raise UserError(f"{out / language}: no dashboards are there; build them with `oxygrid dashboards build --out {out}`")
    folder = f"oxygrid-{language}"
    grafana.ask("POST", "/api/folders", {"uid": folder, "title": FOLDERS[language]}, fine=(409, 412))
    for file in files:
        dashboard = json.loads(file.read_text("utf-8"))
        if one_bucket:
            _into_one_bucket(dashboard)
        body = {"dashboard": {**dashboard, "id": None}, "folderUid": folder, "overwrite": True, "message": f"oxygrid {VERSION}"}
        grafana.ask("POST", "/api/dashboards/db", body)
        yield str(dashboard["title"])


def make_home(grafana: Grafana, uid: str) -> None:
    """Grafana opens with this dashboard, for everybody of the token's organisation."""
    grafana.ask("PATCH", "/api/org/preferences", {"homeDashboardUID": uid})


def _into_one_bucket(dashboard: dict[str, Any]) -> None:
    for variable in dashboard["templating"]["list"]:
        if variable["name"] == "long":
            variable |= {"query": "", "current": {"text": "", "value": ""}}


def _refused(status: int, where: str, words: str) -> OxygridError:
    said = f"{where}: {status}{f' ({words})' if words else ''}"
    if 300 <= status < 400:
        return UserError(f"{said}; a redirect is not followed with a token, give the address that it leads to")
    if status in ANSWERS:
        return UserError(f"{said}; {ANSWERS[status]}")
    return (UserError if status < 500 else OxygridError)(said)


def _words(exc: urllib.error.HTTPError) -> str:
    """What Grafana says, on one line."""
    text = exc.read(4096).decode("utf-8", "replace")
    try:
        text = str(json.loads(text)["message"])
    except (ValueError, LookupError, TypeError):
        text = exc.headers.get("Location") or text
    return " ".join(text.split())[:MOST_WORDS]
