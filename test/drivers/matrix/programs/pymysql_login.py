import ssl

import pymysql

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl=ssl.create_default_context(cafile=ca))
    # A client certificate, with any password.
    showing = ssl.create_default_context(cafile=ca)
    showing.load_cert_chain(cert, key)
    certified = dict(options, ssl=showing)
    connect = pymysql.connect
    # shown: end
    chosen = {"bare": options, "off": dict(options, ssl_disabled=True), "certificate": certified}.get(place.way, verified)
    connection = connect(**chosen)

    def value(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0]

    return value, connection.close


logins(login)
