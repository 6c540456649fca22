import psycopg

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    # shown: begin
    options = dict(host=host, port=port, dbname=target, user=user, password=secret, sslmode="verify-full", sslrootcert=ca)
    # For a session credential, besides: only SCRAM-SHA-256-PLUS will do.
    bound = dict(options, channel_binding="require")
    # shown: end
    unbound = dict(options, channel_binding="disable")
    bare = dict(host=host, port=port, dbname=target, user=user, password=secret)
    chosen = {"bare": bare, "scram": unbound, "scram-plus": bound}.get(place.way, options)
    connection = psycopg.connect(**chosen, connect_timeout=20, autocommit=True)

    def value(sql):
        cursor = connection.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

    return value, connection.close


logins(login)
