"""asyncpg through the gateway: it speaks binary only, and prepares everything."""

import asyncio
import datetime
import decimal
import ipaddress
import io
import ssl
import time
import uuid

import asyncpg

from checks import check, handover, hides, is_refusal, run_async, same


class connect:
    """A connection for an `async with`."""

    def __init__(self, target="shop", **more):
        parameters = {
            "host": handover.host,
            "port": handover.port,
            "user": "agent",
            "password": handover.token,
            "database": target,
            "ssl": False,
            "timeout": 10,
        }
        self.parameters = {**parameters, **more}

    async def __aenter__(self):
        self.connection = await asyncpg.connect(**self.parameters)
        return self.connection

    async def __aexit__(self, *_):
        await self.connection.close(timeout=5)


def direct():
    d = handover.direct
    return connect(d["database"], host=d["host"], port=d["port"], user=d["user"], password=d["password"])


def verified():
    context = ssl.create_default_context(cafile=handover.caFile)
    return {"host": "localhost", "ssl": context}


async def refused(action):
    try:
        await action
    except asyncpg.PostgresError as error:
        return is_refusal(error.sqlstate, error.message, error.detail, error.hint)
    raise AssertionError("it was not refused")


async def fails(action, sqlstate):
    try:
        await action
    except asyncpg.PostgresError as error:
        same(error.sqlstate, sqlstate)
        return error
    raise AssertionError("it did not fail")


@check("logs in with the token as password and reads")
async def _():
    async with connect() as c:
        rows = await c.fetch("SELECT item, amount FROM orders ORDER BY id")
        same([tuple(r) for r in rows], [("loom", decimal.Decimal("12.50")), ("cards", decimal.Decimal("0.99"))])


@check("logs in over TLS with the certificate verified in full")
async def _():
    async with connect(**verified()) as c:
        same(await c.fetchval("SELECT 1"), 1)


@check("is told when the token is wrong")
async def _():
    try:
        async with connect(password="not a token"):
            raise AssertionError("let in")
    except asyncpg.InvalidPasswordError as error:
        assert error.message.startswith("gatehouse:"), error.message


@check("takes the target behind a plus in the user name")
async def _():
    async with connect("another", user="agent+plain") as c:
        same(await c.fetchval("SELECT ssn FROM people WHERE id = 1"), "123-45-6789")


@check("works on two targets at once")
async def _():
    async with connect() as one, connect("plain15") as two:
        text = "SELECT ssn FROM people WHERE id = 1"
        same(await asyncio.gather(one.fetchval(text), two.fetchval(text)), ["*******6789", "123-45-6789"])


@check("gets the same rows as without the gateway")
async def _():
    async with connect("plain") as through, direct() as without:
        for text in ("SELECT * FROM kinds ORDER BY id", "SELECT * FROM people ORDER BY id", "SELECT kinds FROM kinds"):
            a, b = await asyncio.gather(through.fetch(text), without.fetch(text))
            same([list(r.items()) for r in a], [list(r.items()) for r in b])


@check("carries parameters of many types")
async def _():
    values = [
        -7, 2**31 - 1, -(2**63), 0.1, "it's \"so\" 🚪", True, None, decimal.Decimal("12345678901234567890.123456789"),
        datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 12, 34, 56, 789012, datetime.timezone.utc),
        datetime.timedelta(days=2, seconds=3), datetime.time(23, 59, 59), uuid.UUID("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
        b"\x00\xff\x10", [1, None, 3], ["a", 'b "c"', None], ipaddress.ip_address("10.0.0.1"), "glad", '{"a": [1, null]}',
    ]
    types = "int2 int4 int8 float8 text bool text numeric date timestamptz interval time uuid bytea int4[] text[] inet mood jsonb".split()
    async with connect() as c:
        row = await c.fetchrow("SELECT " + ", ".join(f"${n}::{t}" for n, t in enumerate(types, 1)), *values)
        same(list(row), values)


@check("prepares a statement and runs it again and again")
async def _():
    async with connect() as c:
        statement = await c.prepare("SELECT line, who FROM log WHERE id = $1")
        same([a.name for a in statement.get_attributes()], ["line", "who"])
        for number in range(1, 21):
            same(tuple(await statement.fetchrow(number)), (f"line {number}", "[redacted]"))


@check("works without its cache of prepared statements")
async def _():
    async with connect(statement_cache_size=0) as c:
        for number in range(1, 6):
            same(await c.fetchval("SELECT who FROM log WHERE id = $1", number), "[redacted]")


@check("runs executemany as one pipeline, and a failure in it undoes all")
async def _():
    async with connect() as c:
        await c.executemany("INSERT INTO orders VALUES ($1, 2, $2, $3)", [(n, f"item {n}", n) for n in range(1000, 1500)])
        same(await c.fetchval("SELECT count(*) FROM orders WHERE id >= 1000"), 500)
        await fails(c.executemany("INSERT INTO orders VALUES ($1, 2, 'x', 1)", [(1500,), (1501,), (1000,), (1502,)]), "23505")
        same(await c.execute("DELETE FROM orders WHERE id >= 1000"), "DELETE 500")


@check("is refused executemany as a whole")
async def _():
    async with connect() as c:
        await refused(c.executemany("DELETE FROM documents WHERE $1::int IS NOT NULL OR true", [(1,), (2,)]))
        same(await c.fetchval("SELECT 1"), 1)


@check("commits and rolls back transactions, and savepoints within")
async def _():
    async with connect() as c:
        async with c.transaction():
            await c.execute("INSERT INTO orders VALUES (1200, 2, 'kept', 1)")
            try:
                async with c.transaction():
                    await c.execute("INSERT INTO orders VALUES (1201, 2, 'lost', 1)")
                    raise KeyError
            except KeyError:
                pass
        same([r["id"] for r in await c.fetch("DELETE FROM orders WHERE person_id = 2 RETURNING id")], [1200])


@check("goes on after a refusal within a transaction, once rolled back")
async def _():
    async with connect() as c:
        for drop in (lambda: c.execute("DROP TABLE orders"), lambda: c.fetch("DROP TABLE orders")):
            transaction = c.transaction()
            await transaction.start()
            await c.execute("INSERT INTO orders VALUES (1300, 2, 'undone', 1)")
            same((await refused(drop()))["rule"], "never")
            await fails(c.fetch("SELECT 1"), "25P02")
            await transaction.rollback()
            same(await c.fetchval("SELECT count(*) FROM orders WHERE id = 1300"), 0)


@check("goes on within a transaction after a refusal within a savepoint")
async def _():
    async with connect() as c:
        async with c.transaction():
            await c.execute("INSERT INTO orders VALUES (1310, 2, 'kept', 1)")
            try:
                async with c.transaction():
                    await c.fetch("DROP TABLE orders")
            except asyncpg.InsufficientPrivilegeError:
                pass
            same(await c.fetchval("SELECT count(*) FROM orders WHERE id = 1310"), 1)
        same(await c.execute("DELETE FROM orders WHERE id = 1310"), "DELETE 1")


@check("gets one error for a script with a refused statement, and nothing of it runs")
async def _():
    async with connect() as c:
        await refused(c.execute("INSERT INTO orders VALUES (1320, 2, 'never', 1); DROP TABLE people; SELECT 1"))
        same(await c.fetchval("SELECT count(*) FROM orders WHERE id = 1320"), 0)


@check("is told who refused, why, and what to do instead")
async def _():
    async with connect() as c:
        said = await refused(c.fetch("DROP TABLE orders"))
        same((said["code"], said["rule"]), ("DENIED_BY_RULE", "never"))
        same((await refused(c.fetch("CREATE TABLE mine (id int)")))["code"], "NOT_ALLOWED")
        same((await refused(c.fetch("SELECT id FROM people WHERE ssn = $1", "123-45-6789")))["code"], "MASKED_COLUMN_DECIDES")


@check("sees every masked column masked")
async def _():
    async with connect() as through, direct() as without:
        ada = await through.fetchrow("SELECT * FROM people WHERE id = $1", 1)
        same(dict(ada), dict(await without.fetchrow(handover.masked)))
        hides(dict(ada))
        nobody = await through.fetchrow("SELECT * FROM people WHERE id = $1", 2)
        same({name for name, value in nobody.items() if value is not None}, {"id", "name"})


@check("cannot get at a masked value by other roads")
async def _():
    async with connect() as c:
        for text in (
            "SELECT upper(ssn) FROM people",
            "SELECT people FROM people",
            "SELECT to_jsonb(people) FROM people",
            "SELECT array_agg(ssn) FROM people",
            "SELECT row(ssn, email) FROM people",
            "WITH p AS (SELECT ssn AS x FROM people) SELECT x FROM p UNION SELECT email FROM people",
        ):
            try:
                hides([dict(r) for r in await c.fetch(text)])
            except asyncpg.PostgresError as error:
                hides(str(error))


@check("reads through a cursor in pieces (portal row limits), masked")
async def _():
    async with connect() as c, c.transaction():
        found = []
        async for row in c.cursor("SELECT id, who FROM log WHERE id <= $1 ORDER BY id", 1000, prefetch=100):
            found.append(tuple(row))
        same(found, [(n, "[redacted]") for n in range(1, 1001)])
        cursor = await c.cursor("SELECT id, who FROM log ORDER BY id")
        same([tuple(r) for r in await cursor.fetch(2)], [(1, "[redacted]"), (2, "[redacted]")])
        same([tuple(r) for r in await cursor.fetch(1)], [(3, "[redacted]")])


@check("skips rows of a cursor and reads on")
async def _():
    async with connect() as c, c.transaction():
        cursor = await c.cursor("SELECT id, who FROM log ORDER BY id")
        same(await cursor.forward(10), 10)
        same(tuple(await cursor.fetchrow()), (11, "[redacted]"))


@check("copies out and in")
async def _():
    async with connect() as c:
        records = [(n, 2, f"item {n}", decimal.Decimal(n)) for n in range(2000, 2500)]
        same(await c.copy_records_to_table("orders", records=records), "COPY 500")
        out = io.BytesIO()
        await c.copy_from_query("SELECT id, item FROM orders WHERE id >= $1 ORDER BY id", 2000, output=out, format="csv")
        same(out.getvalue().decode(), "".join(f"{n},item {n}\n" for n in range(2000, 2500)))
        same(await c.copy_to_table("orders", source=io.BytesIO(b"2500\t2\tx\t1\n"), columns=["id", "person_id", "item", "amount"]), "COPY 1")
        same(await c.execute("DELETE FROM orders WHERE id >= 2000"), "DELETE 501")


@check("copies masked columns out, masked; is refused where they cannot be, and goes on")
async def _():
    async with connect() as c:
        out = io.BytesIO()
        await c.copy_from_query("SELECT id, ssn, born, nick FROM people WHERE id = $1", 1, output=out, format="csv", header=True)
        same(out.getvalue(), b"id,ssn,born,nick\n1,*******6789,1990-01-01,[redacte\n")
        out = io.BytesIO()
        await c.copy_from_table("people", columns=["id", "ssn"], output=out, format="binary")
        same(out.getvalue()[19:], bytes.fromhex("000200000004000000010000000b") + b"*******6789" + bytes.fromhex("00020000000400000002ffffffffffff"))
        out = io.BytesIO()
        await c.copy_from_table("people", output=out)
        hides(out.getvalue())
        same(out.getvalue().count(b"\n"), 2)
        out = io.BytesIO()
        said = await refused(c.copy_from_table("people", output=out, null="123-45-6789"))
        same(said["code"], "MASK_NOT_POSSIBLE")
        same(out.getvalue(), b"")
        same(await c.fetchval("SELECT 1"), 1)


async def cancelled(**more):
    async with connect("plain", **more) as c:
        started = time.monotonic()
        try:
            await c.fetch("SELECT pg_sleep(20)", timeout=0.3)
            raise AssertionError("not cancelled")
        except asyncio.TimeoutError:
            pass
        # asyncpg waits for the cancelled statement to end before the next one.
        same(await c.fetchval("SELECT 1"), 1)
        assert time.monotonic() - started < 5


@check("cancels a running statement")
async def _():
    await cancelled()


@check("cancels a running statement over TLS")
async def _():
    await cancelled(**verified())


@check("keeps statement_timeout, from the connection and from SET")
async def _():
    async with connect("plain", server_settings={"statement_timeout": "100"}) as c:
        await fails(c.fetch("SELECT pg_sleep(20)"), "57014")
        await c.execute("SET statement_timeout = 50")
        await fails(c.fetch("SELECT pg_sleep(20)"), "57014")


@check("reads 100,000 rows, masked")
async def _():
    async with connect() as c:
        rows = await c.fetch("SELECT id, line, who FROM log ORDER BY id")
        same(len(rows), 100_000)
        same(tuple(rows[-1]), (100_000, "line 100000", "[redacted]"))
        same({row["who"] for row in rows}, {"[redacted]"})


@check("writes and reads one value of 20 MiB")
async def _():
    async with connect() as c:
        body = "ä" * (10 * 1024 * 1024)
        await c.execute("INSERT INTO documents VALUES (1, $1)", body)
        assert await c.fetchval("DELETE FROM documents WHERE id = 1 RETURNING body") == body


@check("gets the errors of the server unchanged where nothing is masked")
async def _():
    fields = (
        "sqlstate message detail hint severity severity_en position schema_name table_name column_name data_type_name constraint_name context"
    ).split()
    async with connect("plain") as through, direct() as without:
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
                    await c.fetch(text)
                except asyncpg.PostgresError as error:
                    said.append([getattr(error, field, None) for field in fields])
            same(said[0], said[1])


@check("gets notices and notifications where policy allows them")
async def _():
    async with connect("plain") as c, direct() as other:
        heard = []
        c.add_log_listener(lambda _, notice: heard.append(notice.message))
        await c.execute("DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$")
        notified = asyncio.get_running_loop().create_future()
        await c.add_listener("doors", lambda _, pid, channel, payload: notified.set_result(payload))
        await other.execute("NOTIFY doors, 'open'")
        same(await asyncio.wait_for(notified, 5), "open")
        same(heard, ["hello 1"])


@check("is refused LISTEN and NOTIFY where no rule allows them")
async def _():
    async with connect() as c:
        same((await refused(c.execute("LISTEN doors")))["code"], "NOT_ALLOWED")
        same((await refused(c.execute("NOTIFY doors, 'open'")))["code"], "NOT_ALLOWED")


@check("works from its pool, which resets each connection")
async def _():
    parameters = connect().parameters
    async with asyncpg.create_pool(min_size=2, max_size=2, **parameters) as pool:
        async def one(number):
            async with pool.acquire() as c:
                await c.execute("SET statement_timeout = 5000")
                return await c.fetchval("SELECT who FROM log WHERE id = $1", number)

        same(await asyncio.gather(*(one(n) for n in range(1, 11))), ["[redacted]"] * 10)
        same(await pool.fetchval("SHOW statement_timeout"), "0")


if __name__ == "__main__":
    asyncio.run(run_async())
