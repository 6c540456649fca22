import asyncio
import ssl

import asyncpg

from logins import logins

loop = asyncio.new_event_loop()


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl=ssl.create_default_context(cafile=ca))
    # A client certificate, and an empty password.
    showing = ssl.create_default_context(cafile=ca)
    showing.load_cert_chain(cert, key)
    certified = dict(options, ssl=showing)
    connect = asyncpg.connect
    # shown: end
    chosen = {"bare": options, "off": dict(options, ssl=False), "certificate": certified}.get(place.way, verified)
    connection = loop.run_until_complete(connect(**chosen, timeout=20))
    return (
        lambda sql: loop.run_until_complete(connection.fetchval(sql)),
        lambda: loop.run_until_complete(connection.close()),
    )


logins(login)
