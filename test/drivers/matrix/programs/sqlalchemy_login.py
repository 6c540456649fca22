import ssl
import sys

from sqlalchemy import Column, Integer, MetaData, String, Table, URL, create_engine, select, text

from logins import logins

dialect = sys.argv[1]
people = Table("people", MetaData(), Column("id", Integer), Column("ssn", String))


def login(place):
    host, port, user, secret, target, ca = place.host, place.port, place.user, place.secret, place.target, place.ca
    cert, key = place.cert, place.key
    # shown: begin
    # dialect: "postgresql+psycopg" or "mysql+pymysql"
    url = URL.create(dialect, user, secret, host, port, target)
    psycopg_tls = dict(sslmode="verify-full", sslrootcert=ca)
    pymysql_tls = dict(ssl=ssl.create_default_context(cafile=ca))
    tls = psycopg_tls if dialect == "postgresql+psycopg" else pymysql_tls
    engine = create_engine(url, connect_args=tls)
    # With a client certificate: psycopg_tls has sslcert and sslkey, the context of pymysql_tls load_cert_chain(cert, key).
    # shown: end
    if place.way == "certificate":
        pymysql_tls["ssl"].load_cert_chain(cert, key)
        engine = create_engine(url, connect_args=tls if tls is pymysql_tls else dict(tls, sslcert=cert, sslkey=key))
    if place.way in ("bare", "off"):
        off = dict(sslmode="disable") if dialect == "postgresql+psycopg" else dict(ssl_disabled=True)
        engine = create_engine(url, connect_args=off if place.way == "off" else {})
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")

    def value(sql):
        if sql.startswith("SELECT"):
            return connection.execute(select(people.c.ssn).where(people.c.id == 1)).scalar()
        return connection.execute(text(sql))

    def close():
        connection.close()
        engine.dispose()

    return value, close


logins(login)
