"""What Python's programs of the matrix share: attempts in, outcomes out (`LoginProgram` in driver.ts)."""

import os
import sys
from types import SimpleNamespace

ca, cert, key = (os.environ[f"GATEHOUSE_{name}"] for name in ("CA", "CERT", "KEY"))


def attempts():
    for line in sys.stdin.read().splitlines():
        way, target, user, secret = line.split("\t")
        yield SimpleNamespace(
            way=way, target=target, user=user, secret=secret, ca=ca, cert=cert, key=key,
            host=os.environ["GATEHOUSE_HOST"], port=int(os.environ["GATEHOUSE_PORT"]),
        )  # fmt: skip


def logins(login):
    """`login` gives, or raises why not, what runs a statement and returns the value of its first row, and what closes."""
    for place in attempts():
        try:
            value, close = login(place)
        except Exception as error:
            say(place, "out", "", *told(error))
            continue
        try:
            shown = value("SELECT ssn FROM people WHERE id = 1")
            try:
                value("DROP TABLE people")
                refusal = "", "nothing was refused"
            except Exception as error:
                refusal = told(error)
            say(place, "in", shown, *refusal)
        except Exception as error:
            say(place, "in", "", *told(error))
        finally:
            close()


def told(error):
    """Code and text of what the driver raised; SQLAlchemy and Django wrap it."""
    wrapped = getattr(error, "orig", None) or error.__cause__
    number = error.args[0] if error.args and isinstance(error.args[0], int) else None
    code = getattr(error, "errno", None) or number or getattr(error, "sqlstate", None)
    if code is None and wrapped is not None:
        return told(wrapped)
    return code or "", str(error)


def say(place, *fields):
    print("\t".join([place.way, place.target, *(" ".join(str(field).split()) for field in fields)]), flush=True)
