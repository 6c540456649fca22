import type { MysqlDriver } from './driver.ts'
import { go, jdbc, mysqlClient, node, python } from './find-programs.ts'
import { no, YES } from './login-ways.ts'

const NO_TLS = no('it asks for none, and is refused before it has sent the token', /a token may only be sent over TLS/)

/** Drivers of MySQL, in the order of docs/drivers.md. */
export const MYSQL_DRIVERS: readonly MysqlDriver[] = [
  {
    name: 'mysql 9',
    find: mysqlClient('mysql'),
    source: 'mysql-client.sh',
    ways: { token: YES, clear: YES, openid: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'mariadb 10.11',
    find: mysqlClient('mariadb'),
    source: 'mariadb-client.sh',
    ways: { token: YES, clear: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'mysql2 3.24',
    find: node('mysql2.mjs'),
    source: 'mysql2.mjs',
    ways: { token: YES, 'change-user': YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'mariadb (npm) 3.5',
    find: node('mariadb.mjs'),
    source: 'mariadb.mjs',
    ways: { token: YES, 'change-user': YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'PyMySQL 1.2',
    find: python('pymysql_login.py', {
      module: 'pymysql',
      requirements: ['PyMySQL==1.2.4', 'cryptography'],
      debian: ['python3-pymysql'],
    }),
    source: 'pymysql_login.py',
    ways: { token: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'mysqlclient 1.4',
    find: python('mysqlclient_login.py', {
      module: 'MySQLdb',
      requirements: [],
      debian: ['python3-mysqldb', 'libmariadb3'],
    }),
    source: 'mysqlclient_login.py',
    ways: { token: YES, clear: YES, 'change-user': YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'Connector/Python 26.10',
    find: python('connector_login.py', {
      module: 'mysql.connector',
      requirements: ['mysql-connector-python==26.10.0'],
      debian: [],
    }),
    source: 'connector_login.py',
    ways: { token: YES, clear: YES, 'change-user': YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'MariaDB Connector/J 3.5',
    find: jdbc('mariadb', { maven: ['org.mariadb.jdbc', 'mariadb-java-client', '3.5.6'] }),
    source: 'JdbcLogin.java',
    ways: { token: YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'MySQL Connector/J 9.5',
    find: jdbc('mysql', { maven: ['com.mysql', 'mysql-connector-j', '9.5.0'] }),
    source: 'JdbcLogin.java',
    ways: { clear: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'go-sql-driver/mysql 1.10',
    find: go('go-sql-driver'),
    source: 'go-sql-driver/main.go',
    ways: { token: YES, bare: NO_TLS },
    pitfalls: [],
  },
]
