import { DJANGO, SQLALCHEMY } from '../../tools/python-orms.ts'
import type { PostgresDriver, Source } from './driver.ts'
import { debianPgjdbc, go, jdbc, node, psql, python } from './find-programs.ts'
import { prisma } from './find-prisma.ts'
import { no, NO_TLS, YES } from './login-ways.ts'

const PRISMA_NO_TLS = no(
  'without TLS: refused before the token is sent, but it leaves out the hint',
  /gatehouse: a token may only be sent over TLS/,
)
const SESSION = { scram: YES } as const
const BOUND = { ...SESSION, 'scram-plus': YES } as const

const psqlSource: Source = { file: 'psql.sh', part: null }
const ormSource = (part: string): Source => ({ file: 'orms.mjs', part })

/** Drivers of PostgreSQL, in the order of docs/drivers.md. */
export const POSTGRES_DRIVERS: readonly PostgresDriver[] = [
  {
    name: 'psql 15',
    find: psql(15),
    source: psqlSource,
    ways: {
      token: YES,
      ...BOUND,
      oauthbearer: no('`oauth_issuer` came with libpq 18', /invalid connection option "oauth_issuer"/),
      certificate: YES,
      bare: YES,
      off: NO_TLS,
    },
  },
  {
    name: 'psql 18',
    find: psql(18),
    source: psqlSource,
    ways: { token: YES, ...BOUND, oauthbearer: YES, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'node-postgres 8.23',
    find: node('node-postgres.mjs'),
    source: { file: 'node-postgres.mjs', part: null },
    ways: { token: YES, ...BOUND, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  {
    name: 'postgres.js 3.4',
    find: node('postgres-js.mjs'),
    source: { file: 'postgres-js.mjs', part: null },
    ways: { token: YES, ...SESSION, certificate: YES, bare: NO_TLS, off: NO_TLS },
  },
  {
    name: 'psycopg 3.3',
    find: python('psycopg_login.py', {
      module: 'psycopg',
      requirements: ['psycopg[binary]==3.3.9'],
      debian: ['python3-psycopg', 'python3-typing-extensions', 'libpq5'],
    }),
    source: { file: 'psycopg_login.py', part: null },
    ways: {
      token: YES,
      ...BOUND,
      oauthbearer: no('its libpq comes without `libpq-oauth`', /no OAuth flows are available|libpq-oauth/),
      certificate: YES,
      bare: YES,
      off: NO_TLS,
    },
  },
  {
    name: 'asyncpg 0.32',
    find: python('asyncpg_login.py', {
      module: 'asyncpg',
      requirements: ['asyncpg==0.32.0'],
      debian: ['python3-asyncpg'],
    }),
    source: { file: 'asyncpg_login.py', part: null },
    ways: { token: YES, ...SESSION, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'pgjdbc 42.7',
    find: jdbc('postgresql', { maven: ['org.postgresql', 'postgresql', '42.7.8'] }),
    source: { file: 'JdbcLogin.java', part: 'postgresql' },
    ways: { token: YES, ...BOUND, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'pgjdbc 42.5',
    find: debianPgjdbc,
    source: { file: 'JdbcLogin.java', part: 'postgresql' },
    ways: { token: YES, ...SESSION, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'pgx 5.12 (Go)',
    find: go('pgx'),
    source: { file: 'pgx/main.go', part: null },
    ways: { token: YES, ...BOUND, certificate: YES, bare: YES, off: NO_TLS },
  },
  ...(['Knex 3.3', 'Drizzle 0.45', 'Sequelize 6.37', 'TypeORM 1.1'] as const).map((orm): PostgresDriver => {
    const part = (orm.split(' ')[0] ?? '').toLowerCase()
    return {
      name: `${orm} on node-postgres`,
      find: node('orms.mjs', part, 'postgres'),
      source: ormSource(part),
      ways: { token: YES, ...SESSION, certificate: YES, bare: NO_TLS, off: NO_TLS },
    }
  }),
  {
    name: 'Prisma 7.10 on node-postgres',
    find: () => prisma('postgresql'),
    source: { file: 'prisma.mjs', part: null },
    ways: { token: YES, ...SESSION, certificate: YES, bare: PRISMA_NO_TLS, off: PRISMA_NO_TLS },
  },
  {
    name: 'SQLAlchemy 2.0 on psycopg',
    find: python('sqlalchemy_login.py', SQLALCHEMY, 'postgresql+psycopg'),
    source: { file: 'sqlalchemy_login.py', part: null },
    ways: { token: YES, ...SESSION, certificate: YES, bare: YES, off: NO_TLS },
  },
  {
    name: 'Django 5.2 on psycopg',
    find: python('django_login.py', DJANGO, 'django.db.backends.postgresql'),
    source: { file: 'django_login.py', part: null },
    ways: { token: YES, ...SESSION, certificate: YES, bare: YES, off: NO_TLS },
  },
]
