import ssl

import pymysql

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    # shown: begin
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl=ssl.create_default_context(cafile=ca))
    connect = pymysql.connect
    # shown: end
    connection = connect(**{"bare": options, "off": dict(options, ssl_disabled=True)}.get(place.way, verified))

    def value(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    return value, connection.close


logins(login)
