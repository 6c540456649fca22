import MySQLdb

from logins import logins


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    # shown: begin
    options = dict(host=host, port=port, database=target, user=user, password=secret)
    verified = dict(options, ssl=dict(ca=ca), ssl_mode="VERIFY_IDENTITY")
    # shown: end
    plugins = {"clear": "mysql_clear_password", "native": "mysql_native_password"}
    more = {"auth_plugin": plugins[place.way]} if place.way in plugins else {}
    connection = MySQLdb.connect(**(options if place.way == "bare" else {**verified, **more}))
    if place.way == "change-user":
        connection.change_user(user, secret, target)

    def value(sql):
        cursor = connection.cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None

    return value, connection.close


logins(login)
