import os

import psycopg

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    options = dict(host=host, port=port, dbname=target, user=user, password=secret, sslmode="verify-full", sslrootcert=ca)
    # For a session credential, besides: only SCRAM-SHA-256-PLUS will do.
    bound = dict(options, channel_binding="require")
    # A client certificate needs no password.
    certified = dict(options, password=None, sslcert=cert, sslkey=key)
    connect = psycopg.connect
    # shown: end
    unbound = dict(options, channel_binding="disable")
    issuer = os.environ["GATEHOUSE_ISSUER"]
    login = "-cgatehouse.login=oauthbearer"
    bearer = dict(options, password=None, options=login, oauth_issuer=issuer, oauth_client_id="psycopg")
    bare = dict(host=host, port=port, dbname=target, user=user, password=secret)
    chosen = {"bare": bare, "off": dict(bare, sslmode="disable"), "scram": unbound, "scram-plus": bound, "oauthbearer": bearer, "certificate": certified}.get(place.way, options)
    # The issuer of the tests has no TLS.
    os.environ["PGOAUTHDEBUG"] = "UNSAFE" if place.way == "oauthbearer" else ""
    connection = connect(**chosen, connect_timeout=20, autocommit=True)

    def value(sql):
        cursor = connection.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

    return value, connection.close


logins(login)
