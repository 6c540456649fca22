"""PyMySQL and MySQL's Connector/Python through the gateway: what PEP 249 has in common, and what each has besides."""

import datetime
import decimal
import sys
import threading
import time

from checks import check, handover, hides, run, same

PYMYSQL = sys.argv[1] == "pymysql"
if PYMYSQL:
    import pymysql as driver
    from pymysql.constants import CLIENT
    from pymysql.cursors import SSCursor
else:
    import mysql.connector as driver

PEOPLE = "SELECT * FROM people ORDER BY id"


def tls(verify):
    if PYMYSQL:
        return {"ssl_ca": handover.caFile, "ssl_verify_cert": verify, "ssl_verify_identity": verify}
    return {"ssl_ca": handover.caFile, "ssl_verify_cert": verify, "ssl_verify_identity": verify} if verify else {}


def connect(target="shop", verify=True, **more):
    parameters = {
        "host": "localhost",
        "port": handover.port,
        "user": "agent",
        "password": handover.token,
        "database": target,
        "autocommit": True,
        **tls(verify),
    }
    if not PYMYSQL:
        parameters["use_pure"] = True
    return driver.connect(**{**parameters, **more})


def direct(**more):
    d = handover.direct
    pure = {} if PYMYSQL else {"use_pure": True}
    return driver.connect(host=d["host"], port=d["port"], user=d["user"], password=d["password"], database=d["database"], autocommit=True, **pure, **more)


def rows(c, text, values=None, **how):
    with c.cursor(**how) as cursor:
        cursor.execute(text, values or ())
        return list(cursor.fetchall()) if cursor.description else []


def fails(action):
    """Number and text of the error that the action must meet."""
    try:
        action()
    except driver.Error as error:
        number, text = error.args[:2] if PYMYSQL else (error.errno, error.msg)
        return number, text
    raise AssertionError("it did not fail")


def refused(action, wanted=1227):
    number, text = fails(action)
    same(number, wanted)
    assert "gatehouse: " in text, text
    return text


@check("logs in with the token as password over verified TLS, and reads")
def _():
    c = connect()
    same(rows(c, "SELECT item, amount FROM orders ORDER BY id LIMIT 2"), [("loom", decimal.Decimal("12.50")), ("cards", decimal.Decimal("0.99"))])
    c.close()


@check("logs in over TLS without verification")
def _():
    c = connect(verify=False)
    same(rows(c, "SELECT 1"), [(1,)])
    assert rows(c, "SELECT who FROM log WHERE id = 7") == [("[redacted]",)]
    c.close()


@check("is told when the token is wrong")
def _():
    number, text = fails(lambda: connect(password="not a token"))
    same(number, 1045)
    assert "gatehouse:" in text, text


@check("gets the same rows and descriptions as without the gateway")
def _():
    through, without = connect("plain"), direct()
    for text in ("SELECT * FROM kinds ORDER BY id", PEOPLE, "SELECT 1.0, NULL, CAST(-1 AS UNSIGNED), _binary'a'"):
        told = []
        for c in (through, without):
            with c.cursor() as cursor:
                cursor.execute(text)
                told.append((list(cursor.fetchall()), [tuple(d) for d in cursor.description]))
        same(told[0], told[1])
    through.close(), without.close()


@check("sees every masked column masked")
def _():
    c, d = connect(), direct()
    found = rows(c, PEOPLE)
    same(found, rows(d, handover.masked))
    hides(found)
    c.close(), d.close()


@check("carries parameters of many types")
def _():
    values = (-7, 2**62, 0.5, "it's \"so\" \\ 🚪", True, None, decimal.Decimal("12345678901234567890.123456789"), datetime.date(2024, 2, 29),
              datetime.datetime(2024, 2, 29, 12, 34, 56, 789012), datetime.timedelta(days=2, seconds=3), b"\x00\xff\x10'")
    text = "SELECT " + ", ".join(["%s"] * len(values))
    c, d = connect("plain"), direct()
    same(rows(c, text, values), rows(d, text, values))
    c.close(), d.close()


if not PYMYSQL:
    @check("prepares on the server, in binary: the same as without the gateway, and masked")
    def _():
        through, without, shop = connect("plain"), direct(), connect()
        # Its binary rows know no YEAR.
        columns = [name for name, in rows(without, "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
                   " AND table_name = 'people' AND data_type <> 'year' ORDER BY ordinal_position")]
        people = f"SELECT {', '.join(columns)} FROM people WHERE id > %s ORDER BY id"
        kinds = "SELECT id, i1, i2, i3, i4, i8, u1, u8, z, f4, f8, n, t, v, c, l, b, d, dt, ts, bits, j, bl, vb, e, s FROM kinds WHERE id > %s ORDER BY id"
        for text in (people, kinds):
            same(rows(through, text, (0,), prepared=True), rows(without, text, (0,), prepared=True))
        found = rows(shop, people, (0,), prepared=True)
        same(found, rows(without, people.replace("FROM people", "FROM people_masked"), (0,), prepared=True))
        hides(found)
        with shop.cursor(prepared=True) as cursor:
            for number in range(1, 21):
                cursor.execute("SELECT line, who FROM log WHERE id = %s", (number,))
                same(cursor.fetchall(), [(f"line {number}", "[redacted]")])
        through.close(), without.close(), shop.close()


@check("runs executemany, and counts rows and ids as without the gateway")
def _():
    c = connect()
    with c.cursor() as cursor:
        cursor.executemany("INSERT INTO orders (id, person_id, item, amount) VALUES (%s, 2, %s, %s)", [(n, f"item {n}", n) for n in range(1000, 1050)])
        same(cursor.rowcount, 50)
        cursor.execute("INSERT INTO orders (person_id, item) VALUES (2, 'own id')")
        same(cursor.lastrowid, 1050)
        cursor.execute("DELETE FROM orders WHERE id >= 1000")
        same(cursor.rowcount, 51)
    c.close()


@check("commits and rolls back, and goes on in its transaction after a refusal")
def _():
    c = connect(autocommit=False)
    rows(c, "INSERT INTO orders VALUES (90, 2, 'needle', 1)")
    refused(lambda: rows(c, "DELETE FROM orders"))
    refused(lambda: rows(c, "DROP TABLE orders"))
    same(rows(c, "SELECT item FROM orders WHERE id = 90"), [("needle",)])
    c.rollback()
    same(rows(c, "SELECT item FROM orders WHERE id = 90"), [])
    rows(c, "INSERT INTO orders VALUES (91, 2, 'needle', 1)")
    c.commit()
    same(rows(c, "SELECT item FROM orders WHERE id = 91"), [("needle",)])
    rows(c, "DELETE FROM orders WHERE id = 91")
    c.commit()
    c.close()


@check("sees each result of a procedure masked, and its OUT parameter")
def _():
    c = connect()
    found = []
    with c.cursor() as cursor:
        cursor.callproc("two_results", ())
        if PYMYSQL:
            found.append(list(cursor.fetchall()))
            cursor.nextset()
            found.append(list(cursor.fetchall()))
            while cursor.nextset():
                pass
        else:
            found = [list(result.fetchall()) for result in cursor.stored_results()]
    same(found, [[(1, "loom"), (2, "cards")], [(1, "Ada", "*******6789")]])
    rows(c, "SET @q = 0")
    rows(c, "CALL doubled(21, @q)")
    same(rows(c, "SELECT @q"), [(42,)])
    c.close()


@check("answers several statements in one text, and none of them where one is refused")
def _():
    c = connect(client_flag=CLIENT.MULTI_STATEMENTS) if PYMYSQL else connect()
    found = []
    with c.cursor() as cursor:
        cursor.execute("SELECT 1; SELECT ssn FROM people WHERE id = 1; SELECT 2")
        while True:
            found.append(list(cursor.fetchall()))
            if not cursor.nextset():
                break
    same(found, [[(1,)], [("*******6789",)], [(2,)]])
    refused(lambda: rows(c, "INSERT INTO orders VALUES (70, 1, 'x', 1); TRUNCATE orders"))
    same(rows(c, "SELECT id FROM orders WHERE id = 70"), [])
    c.close()


@check("is refused LOAD DATA LOCAL, and goes on")
def _():
    c = connect(**({"local_infile": True} if PYMYSQL else {"allow_local_infile": True}))
    refused(lambda: rows(c, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE orders"))
    same(rows(c, "SELECT 1"), [(1,)])
    c.close()


@check("streams 100,000 rows, masked")
def _():
    c = connect()
    cursor = c.cursor(SSCursor) if PYMYSQL else c.cursor(buffered=False)
    cursor.execute("SELECT id, who FROM log ORDER BY id")
    count = 0
    for number, who in cursor:
        count += 1
        assert who == "[redacted]" and number == count, (number, who)
    same(count, 100_000)
    cursor.close()
    c.close()


@check("writes and reads one value over 16 MiB")
def _():
    rows(direct(), "SET GLOBAL max_allowed_packet = 64 * 1024 * 1024")
    d = direct()
    rows(d, "REPLACE INTO documents (id, body) VALUES (1, REPEAT('large value ', 1500000))")
    c = connect()
    same(len(rows(c, "SELECT body FROM documents WHERE id = 1")[0][0]), 18_000_000)
    same(rows(c, "SELECT 1"), [(1,)])
    c.close(), d.close()


@check("cancels a running statement by KILL QUERY")
def _():
    c, other = connect(), connect()
    number = c.thread_id() if PYMYSQL else c.connection_id

    def kill():
        time.sleep(0.3)
        rows(other, f"KILL QUERY {number}")

    thread = threading.Thread(target=kill)
    thread.start()
    same(fails(lambda: rows(c, "SELECT SLEEP(20) FROM log WHERE id < 20"))[0], 1317)
    thread.join()
    same(rows(c, "SELECT 1"), [(1,)])
    c.close(), other.close()


@check("pings, chooses the schema, resets where it can, and goes on")
def _():
    c = connect()
    c.ping(True)
    if PYMYSQL:
        c.select_db("shop")
    else:
        rows(c, "SET @here = 1")
        c.cmd_reset_connection()
        same(rows(c, "SELECT @here"), [(None,)])
        c.cmd_change_user("agent", handover.token, "plain")
        same(rows(c, "SELECT ssn FROM people WHERE id = 1"), [("123-45-6789",)])
    same(rows(c, "SELECT COUNT(*) FROM people"), [(2,)])
    c.close()


@check("gets the errors of the server unchanged where nothing is masked")
def _():
    c, d = connect("plain"), direct()
    for text in ("SELECT * FROM missing", "SELECT missing FROM orders", "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
                 "INSERT INTO orders VALUES (99, 1, 'less', -1)", "INSERT INTO orders VALUES (99, 77, 'nobody', 1)"):
        same(fails(lambda: rows(c, text)), fails(lambda: rows(d, text)))
    c.close(), d.close()


@check("is told who refused, why, and what to do instead")
def _():
    c = connect()
    text = refused(lambda: rows(c, "TRUNCATE orders"))
    assert "Open a change request" in text, text
    c.close()


run()
