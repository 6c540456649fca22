import mysql.connector

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl_ca=ca, ssl_verify_cert=True, ssl_verify_identity=True)
    # A client certificate, and an empty password.
    certified = dict(verified, ssl_cert=cert, ssl_key=key)
    connect = mysql.connector.connect
    # shown: end
    plugins = {"clear": "mysql_clear_password", "native": "mysql_native_password"}
    more = {"auth_plugin": plugins[place.way]} if place.way in plugins else {}
    unsaid = {"bare": options, "off": dict(options, ssl_disabled=True), "certificate": certified}
    connection = connect(**unsaid.get(place.way, {**verified, **more}), use_pure=True)
    if place.way == "change-user":
        connection.cmd_change_user(user, secret, target)

    def value(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None

    return value, connection.close


logins(login)
