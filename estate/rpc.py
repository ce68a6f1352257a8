"""A small JSON-RPC client for the ERP: one session of one user. Speaks the protocol; imports none of the ERP."""

from __future__ import annotations

import base64
import datetime as dt
import http.client
import json
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 5  # tries of one call, among them a new login and the answers to questions


class RpcError(RuntimeError):
    """The ERP answered, but not with a result."""


class Session:
    """A user at work: logs in when needed, keeps one connection open."""

    def __init__(self, url: str, database: str, login: str, password: str, timeout: float = 30.0) -> None:
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
        self.path = f"/{database}/rpc/"
        self.login, self.password = login, password
        self.token = ""
        self.context: dict[str, Any] = {}

    def call(self, method: str, *params: Any) -> Any:
        """Call with the user's own context as the last argument, as the ERP's clients do."""
        if not self.token:
            self.enter()
        for _ in range(PATIENCE):
            try:
                return self._send(method, [*params, self.context], self.token)
            except Unauthorized:
                self.enter()
            except AskedToConfirm as question:
                # A clerk who answers every "are you sure?" with yes, once.
                self._send("model.res.user.warning.skip", [question.name, False, self.context], self.token)
        raise RpcError(f"{method}: {self.login} gave up")

    def enter(self) -> None:
        answer = self._send("common.db.login", [self.login, {"password": self.password}], "")
        if not answer:
            raise RpcError(f"{self.login} may not log in")
        token = f"{self.login}:{answer[0]}:{answer[1]}"
        self.token = base64.b64encode(token.encode()).decode()
        self.context = {}
        self.context = self._send("model.res.user.get_preferences", [True, {}], self.token)

    def leave(self) -> None:
        if self.token:
            self._send("common.db.logout", [], self.token)
            self.token = ""

    def search(self, model: str, domain: list[Any], fields: list[str], limit: int | None = None) -> list[Any]:
        order = [["id", "ASC"]]
        return list(self.call(f"model.{model}.search_read", domain, 0, limit, order, fields))

    def create(self, model: str, values: list[dict[str, Any]]) -> list[int]:
        return list(self.call(f"model.{model}.create", values))

    def click(self, model: str, button: str, ids: list[int]) -> Any:
        return self.call(f"model.{model}.{button}", ids) if ids else None

    def wizard(self, name: str, state: str, data: dict[str, Any], model: str, ids: list[int]) -> None:
        """Run one state of a wizard on the records, then throw the wizard away."""
        number, _, _ = self.call(f"wizard.{name}.create")
        active = {"active_model": model, "active_id": ids[0], "active_ids": ids}
        context = self.context | active | {"action_id": None}
        self._send(f"wizard.{name}.execute", [number, data, state, context], self.token)
        self.call(f"wizard.{name}.delete", number)

    def _send(self, method: str, params: list[Any], token: str) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_encode)
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Session {token}"} if token else {})
        try:
            self.connection.request("POST", self.path, body, headers)
            response = self.connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if response.status == 401:
            raise Unauthorized(f"{self.login}: the session has ended")
        if response.status != 200:
            raise RpcError(f"{method}: HTTP {response.status}")
        found = json.loads(answer, object_hook=_decode)
        error = found.get("error")
        if error and error[0] == "UserWarning":
            raise AskedToConfirm(error[1][0])
        if error:
            raise RpcError(f"{method}: {str(error)[:600]}")
        return found.get("result")


class Unauthorized(RpcError):
    """The session is unknown or has timed out."""


class AskedToConfirm(RpcError):
    """The ERP wants a yes before it goes on."""

    def __init__(self, name: str) -> None:
        super().__init__(f"asks for a confirmation: {name}")
        self.name = name


def _encode(value: object) -> dict[str, Any]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode()}
    if isinstance(value, dt.date):
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    raise TypeError(f"no JSON form for {type(value).__name__}")


def _decode(value: dict[str, Any]) -> Any:
    match value.get("__class__"):
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return dt.date(value["year"], value["month"], value["day"])
        case _:
            return value
