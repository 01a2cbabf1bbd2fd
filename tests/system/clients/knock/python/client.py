"""Knock's client with Inlet as its base URL, and what the scripts check with: SCRIPT BASE_URL KEY"""

import re
import sys
import time
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone

from knockapi import Knock

BASE_URL, KEY = sys.argv[1:]
# Strict: an answer that does not fit the client's own types is an error.
client = Knock(
    api_key=KEY, base_url=BASE_URL, max_retries=0, timeout=20.0, _strict_response_validation=True
)


def has(found, **expected):
    """Checks members of what was found, and returns it."""
    members = {name: getattr(found, name, None) for name in expected}
    assert members == expected, f"found {members}, expected {expected}"
    return found


def is_now(when):
    """Checks that a time is of the last minute."""
    assert abs(datetime.now(timezone.utc) - when) < timedelta(minutes=1), when


@contextmanager
def fails(kind, sentence, field=None):
    """Expects this class of error, with the server's sentence and field."""
    try:
        yield
    except kind as error:
        assert re.search(sentence, error.body["message"]), error.body
        assert error.body["field"] == field, error.body
    else:
        raise AssertionError(f"no {kind.__name__}: expected {sentence}")


def ended(operation):
    """Waits until a bulk operation has ended, at most 30 s."""
    deadline = time.monotonic() + 30
    found = operation
    while found.status in ("queued", "processing"):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
        found = client.bulk_operations.get(operation.id)
        has(found, id=operation.id, name=operation.name)
    return found
