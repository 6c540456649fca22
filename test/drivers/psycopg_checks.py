"""psycopg 3 through the gateway."""

import datetime
import decimal
import ipaddress
import threading
import time
import uuid

import psycopg
from psycopg.rows import dict_row
from psycopg.types.enum import EnumInfo
from psycopg.types.json import Jsonb

from checks import check, handover, hides, is_refusal, run, same


def connect(target="shop", **more):
    parameters = {
        "host": handover.host,
        "port": handover.port,
        "user": "agent",
        "password": handover.token,
        "dbname": target,
        "sslmode": "disable",
        "connect_timeout": 10,
        "autocommit": True,
    }
    return psycopg.connect(**{**parameters, **more})


def direct(**more):
    d = handover.direct
    return psycopg.connect(
        host=d["host"], port=d["port"], user=d["user"], password=d["password"], dbname=d["database"], autocommit=True, **more
    )


def refused(action):
    """The refusal that the action must meet."""
    try:
        action()
    except psycopg.Error as error:
        said = error.diag
        return is_refusal(said.sqlstate, said.message_primary, said.message_detail, said.message_hint)
    raise AssertionError("it was not refused")


def fails(action, sqlstate):
    try:
        action()
    except psycopg.Error as error:
        same(error.sqlstate, sqlstate)
        return error
    raise AssertionError("it did not fail")


@check("logs in with the token as password and reads")
def _():
    with connect() as c:
        same(c.execute("SELECT item, amount FROM orders ORDER BY id").fetchall(), [("loom", decimal.Decimal("12.50")), ("cards", decimal.Decimal("0.99"))])


@check("logs in over TLS with the certificate verified in full")
def _():
    with connect(host="localhost", sslmode="verify-full", sslrootcert=handover.caFile) as c:
        assert c.pgconn.ssl_in_use
        same(c.execute("SELECT 1").fetchone(), (1,))


@check("logs in over TLS from the first byte (sslnegotiation=direct)")
def _():
    if psycopg.pq.version() < 170000:
        return  # libpq 17 brought it
    with connect(host="localhost", sslmode="verify-full", sslrootcert=handover.caFile, sslnegotiation="direct") as c:
        same(c.execute("SELECT 1").fetchone(), (1,))


@check("is told when the token is wrong")
def _():
    try:
        connect(password="not a token")
    except psycopg.OperationalError as error:
        assert "gatehouse:" in str(error), str(error)
        return
    raise AssertionError("let in")


@check("takes the target behind a plus in the user name")
def _():
    with connect("another", user="agent+plain") as c:
        same(c.execute("SELECT ssn FROM people WHERE id = 1").fetchone(), ("123-45-6789",))


@check("works on two targets at once")
def _():
    with connect() as one, connect("plain15") as two:
        text = "SELECT ssn FROM people WHERE id = 1"
        same((one.execute(text).fetchone(), two.execute(text).fetchone()), (("*******6789",), ("123-45-6789",)))


@check("gets the same rows as without the gateway, in text and binary")
def _():
    with connect("plain") as through, direct() as without:
        for binary in (False, True):
            for text in ("SELECT * FROM kinds ORDER BY id", "SELECT * FROM people ORDER BY id", "SELECT 1, NULL, now() - now()"):
                a, b = (c.cursor(binary=binary).execute(text) for c in (through, without))
                same(a.fetchall(), b.fetchall())
                same([tuple(d) for d in a.description], [tuple(d) for d in b.description])


@check("carries parameters of many types, in text and binary")
def _():
    values = [
        -7, 2**62, 0.1, "it's \"so\" 🚪", True, None, decimal.Decimal("12345678901234567890.123456789"),
        datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 789012, datetime.timezone.utc),
        datetime.timedelta(days=2, seconds=3), uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), b"\x00\xff\x10",
        [1, None, 3], ["a", 'b "c"', None], ipaddress.ip_address("10.0.0.1"),
    ]
    types = "int8 int8 float8 text bool text numeric date timestamptz interval uuid bytea int8[] text[] inet".split()
    with connect(options="-c timezone=UTC") as c:
        for style in ("%s", "%t", "%b"):
            kinds = [f"{style if value is not None else '%s'}::{kind}" for value, kind in zip(values, types)]
            for binary in (False, True):
                row = c.cursor(binary=binary).execute(f"SELECT {', '.join(kinds)}", values).fetchone()
                same(list(row), values)
        same(c.execute("SELECT %s->'a'", [Jsonb({"a": [1, None]})]).fetchone(), ([1, None],))


@check("prepares a statement and runs it again and again")
def _():
    with connect() as c:
        for number in range(1, 21):
            row = c.execute("SELECT line, who FROM log WHERE id = %s", [number], prepare=True).fetchone()
            same(row, (f"line {number}", "[redacted]"))


@check("prepares by itself after some runs, and deallocates")
def _():
    with connect() as c:
        c.prepared_max = 2
        for number in range(40):
            same(c.execute(f"SELECT %s::int + {number % 4}", [number]).fetchone(), (number + number % 4,))


@check("runs executemany as one batch")
def _():
    with connect() as c, c.cursor() as cursor:
        cursor.executemany("INSERT INTO orders VALUES (%s, 2, %s, %s) RETURNING id", [(n, f"item {n}", n) for n in range(1000, 1050)], returning=True)
        found = []
        while True:
            found.append(cursor.fetchone()[0])
            if not cursor.nextset():
                break
        same(found, list(range(1000, 1050)))
        same(c.execute("DELETE FROM orders WHERE id >= 1000").rowcount, 50)


@check("answers a pipeline")
def _():
    with connect() as c, c.pipeline():
        cursors = [c.execute("SELECT %s::int, who FROM log WHERE id = %s", [n, n]) for n in range(1, 101)]
        same([cursor.fetchone() for cursor in cursors], [(n, "[redacted]") for n in range(1, 101)])


@check("gets one error for a refusal within a pipeline; what follows is skipped, and the connection goes on")
def _():
    with connect() as c:
        outcomes = []
        try:
            with c.pipeline() as p:
                c.execute("INSERT INTO orders VALUES (1100, 2, 'undone', 1)")
                c.execute("DROP TABLE orders")
                c.execute("INSERT INTO orders VALUES (1101, 2, 'skipped', 1)")
                p.sync()
        except psycopg.Error as error:
            said = error.diag
            outcomes.append(is_refusal(said.sqlstate, said.message_primary, said.message_detail, said.message_hint)["rule"])
        same(outcomes, ["never"])
        same(c.execute("SELECT count(*) FROM orders WHERE id >= 1100").fetchone(), (0,))
        with c.pipeline():
            same(c.execute("SELECT 1").fetchone(), (1,))


@check("keeps the results before a refusal in a pipeline, sync by sync")
def _():
    with connect() as c:
        with c.pipeline() as p:
            one = c.execute("SELECT 1")
            p.sync()
            same(one.fetchone(), (1,))
            try:
                c.execute("TRUNCATE orders")
                p.sync()
                raise AssertionError("it was not refused")
            except psycopg.errors.InsufficientPrivilege:
                pass
            two = c.execute("SELECT 2")
            p.sync()
            same(two.fetchone(), (2,))


@check("commits and rolls back transactions, and savepoints within")
def _():
    with connect(autocommit=False) as c:
        with c.transaction():
            c.execute("INSERT INTO orders VALUES (1200, 2, 'kept', 1)")
            try:
                with c.transaction():
                    c.execute("INSERT INTO orders VALUES (1201, 2, 'lost', 1)")
                    raise KeyError
            except KeyError:
                pass
        same(c.execute("DELETE FROM orders WHERE person_id = 2 RETURNING id").fetchall(), [(1200,)])


@check("goes on after a refusal within a transaction, once rolled back")
def _():
    with connect(autocommit=False) as c:
        c.execute("INSERT INTO orders VALUES (1300, 2, 'undone', 1)")
        same(refused(lambda: c.execute("DROP TABLE orders"))["rule"], "never")
        same(c.info.transaction_status, psycopg.pq.TransactionStatus.INERROR)
        fails(lambda: c.execute("SELECT 1"), "25P02")
        c.rollback()
        same(c.execute("SELECT count(*) FROM orders WHERE id = 1300").fetchone(), (0,))


@check("goes on within a transaction after a refusal within a savepoint")
def _():
    with connect(autocommit=False) as c:
        with c.transaction():
            c.execute("INSERT INTO orders VALUES (1310, 2, 'kept', 1)")
            try:
                with c.transaction():
                    c.execute("DROP TABLE orders")
            except psycopg.errors.InsufficientPrivilege:
                pass
            same(c.execute("SELECT count(*) FROM orders WHERE id = 1310").fetchone(), (1,))
        same(c.execute("DELETE FROM orders WHERE id = 1310").rowcount, 1)


@check("is told who refused, why, and what to do instead")
def _():
    with connect() as c:
        said = refused(lambda: c.execute("DROP TABLE orders"))
        same((said["code"], said["rule"]), ("DENIED_BY_RULE", "never"))
        same(refused(lambda: c.execute("DELETE FROM orders"))["code"], "DENIED_BY_RULE")
        same(refused(lambda: c.execute("CREATE TABLE mine (id int)"))["code"], "NOT_ALLOWED")
        same(refused(lambda: c.execute("SELECT id FROM people WHERE ssn = %s", ["123-45-6789"]))["code"], "MASKED_COLUMN_DECIDES")


def masked_rows(binary, prepare=None):
    with connect() as through, direct() as without:
        for c in (through, without):
            info = EnumInfo.fetch(c, "mood")
            assert info is not None, "the type mood was not found"
            info.register(c)
        cursor = through.cursor(binary=binary, row_factory=dict_row)
        ada = cursor.execute("SELECT * FROM people WHERE id = %s", [1], prepare=prepare).fetchone()
        same(ada, without.cursor(binary=binary, row_factory=dict_row).execute(handover.masked).fetchone())
        hides(ada)
        nobody = cursor.execute("SELECT * FROM people WHERE id = %s", [2], prepare=prepare).fetchone()
        same({name for name, value in nobody.items() if value is not None}, {"id", "name"})


@check("sees every masked column masked, in text")
def _():
    masked_rows(False)


@check("sees every masked column masked, in binary")
def _():
    masked_rows(True)


@check("sees every masked column masked from a prepared statement")
def _():
    masked_rows(True, True)


@check("reads through a named cursor (DECLARE and FETCH), masked")
def _():
    with connect(autocommit=False) as c, c.cursor("piecewise") as cursor:
        cursor.itersize = 100
        cursor.execute("SELECT id, who FROM log WHERE id <= 1000 ORDER BY id")
        same([row for row in cursor], [(n, "[redacted]") for n in range(1, 1001)])


@check("streams rows one by one, masked")
def _():
    with connect() as c:
        stream = c.cursor().stream("SELECT id, who FROM log WHERE id <= 1000 ORDER BY id", binary=True)
        same(list(stream), [(n, "[redacted]") for n in range(1, 1001)])


@check("copies out and in, in text and binary")
def _():
    with connect() as c, c.cursor() as cursor:
        with cursor.copy("COPY orders TO STDOUT") as copy:
            rows = [row for row in copy.rows()]
        same(rows, [("1", "1", "loom", "12.50"), ("2", "1", "cards", "0.99")])
        with cursor.copy("COPY orders FROM STDIN") as copy:
            for number in range(2000, 2500):
                copy.write_row((number, 2, f"item {number}", number))
        with cursor.copy("COPY orders (id, person_id, item) FROM STDIN (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "int4", "text"])
            for number in range(2500, 2600):
                copy.write_row((number, 2, f"item {number}"))
        with cursor.copy("COPY (SELECT id, item FROM orders WHERE id >= 2000 ORDER BY id) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "text"])
            same([row for row in copy.rows()], [(n, f"item {n}") for n in range(2000, 2600)])
        same(c.execute("DELETE FROM orders WHERE id >= 2000").rowcount, 600)


@check("abandons a COPY in the middle, and the connection goes on")
def _():
    with connect() as c, c.cursor() as cursor:
        try:
            with cursor.copy("COPY orders FROM STDIN") as copy:
                copy.write_row((2700, 2, "half", 1))
                raise KeyError
        except KeyError:
            pass
        same(cursor.execute("SELECT count(*) FROM orders WHERE id = 2700").fetchone(), (0,))


def copies(c, text):
    with c.cursor().copy(text) as copy:
        return b"".join(bytes(piece) for piece in copy)


@check("copies masked columns out, masked; is refused where they cannot be, and goes on")
def _():
    with connect() as c, direct() as d:
        for options in ("", "(FORMAT csv, HEADER)"):
            same(copies(c, f"COPY (SELECT * FROM people WHERE id = 1) TO STDOUT {options}"), copies(d, f"COPY ({handover.masked}) TO STDOUT {options}"))
        with c.cursor().copy("COPY people (id, ssn, scores, born) TO STDOUT (FORMAT BINARY)") as copy:
            copy.set_types(["int4", "text", "int4[]", "date"])
            same([row for row in copy.rows()], [(1, "*******6789", [0, 0, 0], datetime.date(1990, 1, 1)), (2, None, None, None)])
        same(copies(c, "COPY (SELECT upper(ssn) FROM people) TO STDOUT"), b"\\N\n\\N\n")
        said = refused(lambda: copies(c, "COPY people TO STDOUT (NULL '123-45-6789')"))
        same(said["code"], "MASK_NOT_POSSIBLE")
        same(c.execute("SELECT 1").fetchone(), (1,))


def cancelled(cancel, **more):
    with connect("plain", **more) as c:
        timer = threading.Timer(0.2, cancel, [c])
        timer.start()
        started = time.monotonic()
        fails(lambda: c.execute("SELECT pg_sleep(20)"), "57014")
        assert time.monotonic() - started < 5
        timer.join()
        same(c.execute("SELECT 1").fetchone(), (1,))


@check("cancels a running statement")
def _():
    cancelled(lambda c: c.cancel())


@check("cancels a running statement over TLS")
def _():
    tls = {"host": "localhost", "sslmode": "verify-full", "sslrootcert": handover.caFile}
    cancelled(lambda c: c.cancel_safe() if hasattr(c, "cancel_safe") else c.cancel(), **tls)


@check("keeps statement_timeout, from the connection and from SET")
def _():
    with connect("plain", options="-c statement_timeout=100") as c:
        fails(lambda: c.execute("SELECT pg_sleep(20)"), "57014")
        c.execute("SET statement_timeout = 50")
        fails(lambda: c.execute("SELECT pg_sleep(20)"), "57014")


@check("reads 100,000 rows, masked")
def _():
    with connect() as c:
        rows = c.cursor(binary=True).execute("SELECT id, line, who FROM log ORDER BY id").fetchall()
        same(len(rows), 100_000)
        same(rows[-1], (100_000, "line 100000", "[redacted]"))
        same({row[2] for row in rows}, {"[redacted]"})


@check("writes and reads one value of 20 MiB, in text and binary")
def _():
    body = "ä" * (10 * 1024 * 1024)
    with connect() as c:
        for number, binary in ((1, False), (2, True)):
            c.execute("INSERT INTO documents VALUES (%s, %s)" if not binary else "INSERT INTO documents VALUES (%b, %b)", [number, body])
            row = c.cursor(binary=binary).execute("DELETE FROM documents WHERE id = %s RETURNING body", [number]).fetchone()
            assert row[0] == body


@check("gets the errors of the server unchanged where nothing is masked")
def _():
    fields = [f for f in dir(psycopg.errors.Diagnostic) if not f.startswith("_") and f not in ("source_line", "source_file", "source_function", "pgresult")]
    with connect("plain") as through, direct() as without:
        for text in (
            "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
            "INSERT INTO orders VALUES (7, 1, 'x', -1)",
            "INSERT INTO orders VALUES (7, 99, 'x', 1)",
            "INSERT INTO orders VALUES (7, 1, NULL, 1)",
            "SELECT * FROM nowhere",
        ):
            said = []
            for c in (through, without):
                try:
                    c.execute(text)
                except psycopg.Error as error:
                    said.append({field: getattr(error.diag, field) for field in fields})
            same(said[0], said[1])


@check("gets notices and notifications where policy allows them")
def _():
    with connect("plain") as c, direct() as other:
        heard = []
        c.add_notice_handler(lambda notice: heard.append(notice.message_primary))
        c.execute("DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$")
        same(heard, ["hello 1"])
        c.execute("LISTEN doors")
        other.execute("NOTIFY doors, 'open'")
        same([n.payload for n in c.notifies(timeout=5, stop_after=1)], ["open"])


@check("is refused LISTEN and NOTIFY where no rule allows them")
def _():
    with connect() as c:
        same(refused(lambda: c.execute("LISTEN doors"))["code"], "NOT_ALLOWED")
        same(refused(lambda: c.execute("NOTIFY doors, 'open'"))["code"], "NOT_ALLOWED")


if __name__ == "__main__":
    run()
