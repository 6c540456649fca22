"""Named checks of a driver: each runs, and one line of JSON says how it went. The hand-over comes on standard input."""

import json
import sys
import time
import traceback
from types import SimpleNamespace

_checks = []
handover = SimpleNamespace()


def check(promise):
    """Decorates a function that is one check; it fails by raising."""

    def register(function):
        _checks.append((promise, function))
        return function

    return register


def load():
    """Reads the hand-over: where gateway and server are, the token, and what must stay hidden."""
    for name, value in json.load(sys.stdin).items():
        setattr(handover, name, value)


def _say(promise, started, error):
    line = {"check": promise, "ok": error is None, "detail": error or "", "seconds": round(time.monotonic() - started, 3)}
    print(json.dumps(line), flush=True)


def run():
    load()
    for promise, function in _checks:
        started = time.monotonic()
        try:
            function()
            _say(promise, started, None)
        except Exception:
            _say(promise, started, traceback.format_exc(limit=6))


async def run_async():
    load()
    for promise, function in _checks:
        started = time.monotonic()
        try:
            await function()
            _say(promise, started, None)
        except Exception:
            _say(promise, started, traceback.format_exc(limit=6))


def same(found, wanted):
    assert found == wanted, f"found {found!r}, wanted {wanted!r}"


def hides(value):
    """Nothing hidden stands in this value."""
    said = repr(value)
    for piece in handover.hidden:
        assert piece not in said, f"{piece!r} was shown"


def is_refusal(sqlstate, message, detail, hint, wanted="42501"):
    """A refusal with everything that it has to say. Returns its detail."""
    same(sqlstate, wanted)
    assert message.startswith("gatehouse: "), message
    said = json.loads(detail)
    assert {"code", "rule", "object"} <= said.keys(), said
    assert hint, "no hint"
    return said
