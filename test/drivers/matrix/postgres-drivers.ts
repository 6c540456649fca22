import type { PostgresDriver } from './driver.ts'
import { debianPgjdbc, go, jdbc, node, psql, python } from './find-programs.ts'
import { no, YES } from './login-ways.ts'

const TLS_REQUIRED = /a token may only be sent over TLS.*sslmode=verify-full/s
const NO_TLS = no('it asks for none, and is refused before it has sent the token', /a token may only be sent over TLS/)

/** Drivers of PostgreSQL, in the order of docs/drivers.md. */
export const POSTGRES_DRIVERS: readonly PostgresDriver[] = [
  {
    name: 'psql 15',
    find: psql(15),
    source: 'psql.sh',
    ways: { token: YES, oauthbearer: no('came with 18', /invalid connection option "oauth_issuer"/), bare: YES },
    pitfalls: [],
  },
  {
    name: 'psql 18',
    find: psql(18),
    source: 'psql.sh',
    ways: { token: YES, oauthbearer: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'node-postgres 8.23',
    find: node('node-postgres.mjs'),
    source: 'node-postgres.mjs',
    ways: { token: YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'postgres.js 3.4',
    find: node('postgres-js.mjs'),
    source: 'postgres-js.mjs',
    ways: { token: YES, bare: NO_TLS },
    pitfalls: [],
  },
  {
    name: 'psycopg 3.3',
    find: python('psycopg_login.py', {
      module: 'psycopg',
      requirements: ['psycopg[binary]==3.3.9'],
      debian: ['python3-psycopg', 'python3-typing-extensions', 'libpq5'],
    }),
    source: 'psycopg_login.py',
    ways: { token: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'asyncpg 0.32',
    find: python('asyncpg_login.py', {
      module: 'asyncpg',
      requirements: ['asyncpg==0.32.0'],
      debian: ['python3-asyncpg'],
    }),
    source: 'asyncpg_login.py',
    ways: { token: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'pgjdbc 42.7',
    find: jdbc('postgresql', { maven: ['org.postgresql', 'postgresql', '42.7.8'] }),
    source: 'JdbcLogin.java',
    ways: { token: YES, bare: YES },
    pitfalls: [],
  },
  {
    name: 'pgjdbc 42.5',
    find: debianPgjdbc,
    source: 'JdbcLogin.java',
    ways: { token: YES, bare: YES },
    pitfalls: [],
  },
  { name: 'pgx 5.12', find: go('pgx'), source: 'pgx/main.go', ways: { token: YES, bare: YES }, pitfalls: [] },
]
void TLS_REQUIRED
