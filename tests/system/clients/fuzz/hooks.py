"""Leads the requests that schemathesis generates to what exists in the server, and counts the answers.

INLET_FUZZ_PLAN names a JSON file, which the system test writes:
- `names`: lists of a pattern for an operation, such as `^GET /v1/users/`, and values of its parameters in path and query.
  The first pattern that matches counts. Most generated values are replaced by these; the others stay as they are.
- `bodies`: lists of a pattern and a body that succeeds. Some generated bodies are replaced by it.
- `keep`: patterns of operations that would take away what the other requests need. They never get one of these values,
  nor the query parameter `delete`.
- `answers`: the file that the counts of each operation's answers are written to.

Until an operation has succeeded once, all of its requests are replaced so, and have no other query parameters.
"""

import atexit
import json
import os
import re
import zlib
from collections import Counter, defaultdict

import schemathesis
from schemathesis.core import NOT_SET

with open(os.environ["INLET_FUZZ_PLAN"], encoding="utf-8") as file:
    PLAN = json.load(file)
KEPT = {value for _, values in PLAN["names"] for value in values.values()}
ANSWERS = defaultdict(Counter)


def find(rules, label):
    """The value of the first rule whose pattern matches, or None."""
    return next((value for pattern, value in rules if re.search(pattern, label)), None)


def one_of(count, value):
    """True for one of so many values. It depends on the value only, so that a seed gives the same requests."""
    return zlib.crc32(repr(value).encode("utf-8", "surrogatepass")) % count == 0


@schemathesis.hook
def before_call(context, case, kwargs):
    path, query, label = case.path_parameters or {}, case.query or {}, case.operation.label
    if any(re.search(pattern, label) for pattern in PLAN["keep"]):
        for name, value in path.items():
            if value in KEPT:
                path[name] = f"not-{value}"
        query.pop("delete", None)
        return
    is_first = not any(200 <= status < 300 for status in ANSWERS[label])
    names = find(PLAN["names"], label) or {}
    if is_first and case.query:
        case.query = query = {name: value for name, value in query.items() if name in names}
    for parameters in (path, query):
        for name in parameters.keys() & names.keys():
            if is_first or not one_of(8, parameters[name]):
                parameters[name] = names[name]
    body = find(PLAN["bodies"], label)
    if body is not None and case.media_type == "application/json":
        if case.body is not NOT_SET and (is_first or one_of(8, case.body)):
            case.body = body


@schemathesis.hook
def after_call(context, case, response):
    ANSWERS[case.operation.label][response.status_code] += 1


@schemathesis.serializer("application/wasm", "application/octet-stream")
def raw(context, value):
    return value if isinstance(value, bytes) else json.dumps(value).encode("utf-8", "surrogatepass")


@atexit.register
def write_answers():
    with open(PLAN["answers"], "w", encoding="utf-8") as file:
        json.dump(ANSWERS, file)
