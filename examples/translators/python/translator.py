"""Translates what Orders sends."""

import json
import re

from componentize_py_types import Err
from wit_world import exports
from wit_world.imports.types import (
    Body_Bytes,
    Event,
    Item_Event,
    Notice,
    Request,
    Translation,
    Value_At,
)


class Translator(exports.Translator):
    """The plugin."""

    def translate(self, request: Request) -> Translation:
        """Says which events a request holds. An `Err` rejects the whole request."""
        body = parse(request.body)
        if not isinstance(body, dict):
            raise rejected("not_an_object", "The body is no JSON object; send one event as an object.")
        kind = body.get("type")
        if type(kind) is not str or not is_unicode(kind):
            raise rejected("missing_field", "There is no string at `type`; it names the event.")

        # Point at values; the host cuts them out of the body unchanged, every digit of them.
        def at(name: str) -> Value_At | None:
            return Value_At("/" + name) if name in body else None

        event = Event(
            event_type=kind,
            user_id=at("customer"),
            idempotency_key=at("id"),
            occurred_at=at("created"),
            data=at("order"),
            original=None,
            tag="",
            extras=[],
        )
        return Translation(items=[Item_Event(event)], reply=None, memo="", extras=[])


STRING_OR_BRACKET = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[][{}]')


class Number(str):
    """A number as it was written. Nothing here calculates, and large ones take long to read."""


def parse(body):
    if isinstance(body, Body_Bytes):
        raise rejected("not_utf8", "The body is not UTF-8; send JSON encoded as UTF-8.")
    if not body.value.strip(" \t\r\n"):
        raise rejected("empty", "The body is empty; expected an event as a JSON object.")
    if is_too_deep(body.value):
        raise rejected("not_json", "The body is nested deeper than 128 levels; send a flatter object.")
    try:
        return json.loads(body.value, parse_int=Number, parse_float=Number, parse_constant=no_constant)
    except ValueError:
        raise rejected("not_json", "The body is not JSON; send one JSON object.") from None


def is_too_deep(text: str) -> bool:
    """Python reads JSON by recursion, and its own limit to it lies beyond a sandbox's."""
    levels = 0
    for found in STRING_OR_BRACKET.finditer(text):
        match found.group():
            case "[" | "{":
                levels += 1
                if levels > 128:
                    return True
            case "]" | "}":
                levels -= 1
    return False


def no_constant(name: str):
    """`NaN` and `Infinity`, which Python takes and JSON has not."""
    raise ValueError(name)


def is_unicode(text: str) -> bool:
    """An escape like \\ud800 alone is no character, and cannot leave the plugin."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def rejected(code: str, message: str) -> Err:
    return Err(Notice(code=code, message=message, at=None, tag="", extras=[]))
