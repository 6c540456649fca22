import MySQLdb

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    # "localhost" would be a socket of this machine: 127.0.0.1, or the gateway's own name.
    host = host.replace("localhost", "127.0.0.1")
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl=dict(ca=ca))
    # A client certificate, with any password.
    certified = dict(options, ssl=dict(ca=ca, cert=cert, key=key))
    connect = MySQLdb.connect
    # shown: end
    plugins = {"clear": "mysql_clear_password", "native": "mysql_native_password"}
    more = {"auth_plugin": plugins[place.way]} if place.way in plugins else {}
    chosen = {"bare": options, "off": options, "certificate": certified}
    connection = connect(**chosen.get(place.way, {**verified, **more}))
    if place.way == "change-user":
        connection.change_user(user, secret, target)

    def value(sql):
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

    return value, connection.close


logins(login)
