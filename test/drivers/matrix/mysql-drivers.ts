import { DJANGO, SQLALCHEMY } from '../../tools/python-orms.ts'
import type { MysqlDriver } from './driver.ts'
import { go, jdbc, mysqlClient, mysqlclient, node, python } from './find-programs.ts'
import { prisma } from './find-prisma.ts'
import { no, NO_TLS, YES } from './login-ways.ts'

const PRISMA_TIMEOUT = no(
  'without TLS: its pool tries again until its `acquireTimeout`, and then does not say why',
  /pool timeout: failed to retrieve a connection/,
)
const BOTH = { token: YES, credential: YES } as const
const CHOSEN = { ...BOTH, clear: YES, native: YES } as const

/** Drivers of MySQL, in the order of docs/drivers.md. */
export const MYSQL_DRIVERS: readonly MysqlDriver[] = [
  {
    name: 'mysql 9',
    find: mysqlClient('mysql'),
    source: { file: 'mysql-client.sh', part: null },
    ways: { ...CHOSEN, openid: YES, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'mariadb 10.11',
    find: mysqlClient('mariadb'),
    source: { file: 'mariadb-client.sh', part: null },
    ways: { ...CHOSEN, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'mysql2 3.24',
    find: node('mysql2.mjs'),
    source: { file: 'mysql2.mjs', part: null },
    ways: { ...BOTH, 'change-user': YES, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  {
    name: 'mariadb (npm) 3.5',
    find: node('mariadb.mjs'),
    source: { file: 'mariadb.mjs', part: null },
    ways: {
      ...BOTH,
      'change-user': no(
        'it does not where the server says that it is MySQL (9.7)',
        /not available for MySQL server/,
        'MySQL 9.7',
      ),
      certificate: YES,
      bare: NO_TLS,
      off: NO_TLS,
    },
  },
  {
    name: 'PyMySQL 1.2',
    find: python('pymysql_login.py', {
      module: 'pymysql',
      requirements: ['PyMySQL==1.2.4', 'cryptography'],
      debian: ['python3-pymysql'],
    }),
    source: { file: 'pymysql_login.py', part: null },
    ways: { ...BOTH, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'mysqlclient 1.4',
    find: mysqlclient('mysqlclient_login.py', {
      module: 'MySQLdb',
      requirements: [],
      debian: ['python3-mysqldb', 'libmariadb3', 'mysql-common'],
    }),
    source: { file: 'mysqlclient_login.py', part: null },
    ways: { ...BOTH, 'change-user': YES, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  {
    name: 'Connector/Python 26.10',
    find: python('connector_login.py', {
      module: 'mysql.connector',
      requirements: ['mysql-connector-python==26.10.0'],
      debian: [],
    }),
    source: { file: 'connector_login.py', part: null },
    ways: { ...CHOSEN, 'change-user': YES, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'MariaDB Connector/J 3.5',
    find: jdbc('mariadb', { maven: ['org.mariadb.jdbc', 'mariadb-java-client', '3.5.6'] }),
    source: { file: 'JdbcLogin.java', part: 'mariadb' },
    ways: { ...BOTH, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  {
    name: 'MySQL Connector/J 9.5',
    find: jdbc('mysql', { maven: ['com.mysql', 'mysql-connector-j', '9.5.0'] }),
    source: { file: 'JdbcLogin.java', part: 'mysql' },
    ways: { ...BOTH, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'go-sql-driver/mysql 1.10 (Go)',
    find: go('go-sql-driver'),
    source: { file: 'go-sql-driver/main.go', part: null },
    ways: { ...BOTH, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  ...(['Knex 3.3', 'Drizzle 0.45', 'Sequelize 6.37', 'TypeORM 1.1'] as const).map((orm): MysqlDriver => {
    const part = (orm.split(' ')[0] ?? '').toLowerCase()
    return {
      name: `${orm} on mysql2`,
      find: node('orms.mjs', part, 'mysql'),
      source: { file: 'orms.mjs', part },
      ways: { ...BOTH, certificate: YES, bare: NO_TLS, off: NO_TLS },
    }
  }),
  {
    name: 'Prisma 7.10 on mariadb (npm)',
    find: () => prisma('mysql'),
    source: { file: 'prisma.mjs', part: null },
    ways: { ...BOTH, certificate: YES, bare: PRISMA_TIMEOUT, off: PRISMA_TIMEOUT },
  },
  {
    name: 'SQLAlchemy 2.0 on PyMySQL',
    find: python('sqlalchemy_login.py', SQLALCHEMY, 'mysql+pymysql'),
    source: { file: 'sqlalchemy_login.py', part: null },
    ways: { ...BOTH, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'Django 5.2 on PyMySQL',
    find: python('django_login.py', DJANGO, 'django.db.backends.mysql'),
    source: { file: 'django_login.py', part: null },
    ways: { ...BOTH, certificate: YES, bare: YES, off: NO_TLS },
  },
]
