import sys

import django
from django.conf import settings
from django.db import connections, models

from logins import logins

engine = sys.argv[1]
if engine == "django.db.backends.mysql":
    import pymysql

    # Django asks for mysqlclient of a version that it knows.
    pymysql.version_info = (2, 2, 7, "final", 0)
    pymysql.install_as_MySQLdb()

settings.configure(DATABASES={"default": {"ENGINE": engine, "NAME": "none"}}, DEFAULT_AUTO_FIELD="django.db.models.AutoField")
django.setup()


class Person(models.Model):
    ssn = models.CharField(max_length=20)

    class Meta:
        app_label = "matrix"
        db_table = "people"
        managed = False


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    # engine: "django.db.backends.postgresql" or "django.db.backends.mysql"
    tls = {"sslmode": "verify-full", "sslrootcert": ca} if engine.endswith("postgresql") else {"ssl": {"ca": ca}}
    database = {"ENGINE": engine, "HOST": host, "PORT": port, "NAME": target, "USER": user, "PASSWORD": secret}
    DATABASES = {"default": {**database, "OPTIONS": tls}}
    # With a client certificate: tls has "sslcert" and "sslkey", for MySQL "cert" and "key" beside "ca".
    # shown: end
    if place.way == "certificate":
        tls.update({"sslcert": cert, "sslkey": key} if engine.endswith("postgresql") else {"ssl": {"ca": ca, "cert": cert, "key": key}})
    if place.way in ("bare", "off"):
        off = {"sslmode": "disable"} if engine.endswith("postgresql") else {"ssl_disabled": True}
        DATABASES = {"default": {**database, "OPTIONS": off if place.way == "off" else {}}}
    connections.settings["default"] = connections.configure_settings(DATABASES)["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]
    connection = connections["default"]
    connection.ensure_connection()

    def value(sql):
        if sql.startswith("SELECT"):
            return Person.objects.get(pk=1).ssn
        with connection.cursor() as cursor:
            return cursor.execute(sql)

    return value, connection.close


logins(login)
