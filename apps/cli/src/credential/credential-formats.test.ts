import { spawnSync } from 'node:child_process'
import { Secret } from '@gatehouse/core'
import { describe, expect, test } from 'vitest'
import { CREDENTIAL_FORMATS, credentialText } from './credential-formats.ts'
import { SNIPPETS, snippet } from './snippets.ts'
import type { Login } from './swap.ts'

const POSTGRES: Login = {
  engine: 'postgres',
  host: '2001:db8::1',
  port: 15_432,
  database: 'shop',
  user: 'gh-aaaaaaaaaaaaaaaaaaaa',
  password: new Secret('hunter2-hunter2-hunter2'),
  caFile: "/home/o'brien/ca.pem",
  until: '2026-01-01T00:00:00.000Z',
}
const MYSQL: Login = { ...POSTGRES, engine: 'mysql', host: 'db.example.com', port: 13_306, database: 'orders' }

describe('a credential', () => {
  test('is a connection string that is read as it is meant', () => {
    const uri = new URL(credentialText(POSTGRES, 'dsn'))
    expect([uri.username, uri.password, uri.hostname, uri.port, uri.pathname]).toEqual([
      'gh-aaaaaaaaaaaaaaaaaaaa',
      'hunter2-hunter2-hunter2',
      '[2001:db8::1]',
      '15432',
      '/shop',
    ])
    expect(uri.searchParams.get('sslmode')).toBe('verify-full')
    expect(uri.searchParams.get('sslrootcert')).toBe(POSTGRES.caFile)
    expect(credentialText(MYSQL, 'dsn')).toBe(
      'mysql://gh-aaaaaaaaaaaaaaaaaaaa:hunter2-hunter2-hunter2@db.example.com:13306/orders\n',
    )
  })

  test('is a line of .pgpass, with what separates its fields written out', () => {
    expect(credentialText(POSTGRES, 'pgpass')).toBe(
      '2001\\:db8\\:\\:1:15432:shop:gh-aaaaaaaaaaaaaaaaaaaa:hunter2-hunter2-hunter2\n',
    )
    expect(() => credentialText(MYSQL, 'pgpass')).toThrow(/my\.cnf, dsn/)
  })

  test('is a group of .my.cnf', () => {
    expect(credentialText({ ...MYSQL, caFile: '/ca.pem' }, 'my.cnf')).toBe(
      '[client]\nprotocol=tcp\nhost=db.example.com\nport=13306\nuser=gh-aaaaaaaaaaaaaaaaaaaa\npassword="hunter2-hunter2-hunter2"\nssl-ca="/ca.pem"\nloose-ssl-mode=VERIFY_IDENTITY\n[mysql]\ndatabase=orders\n',
    )
    expect(() => credentialText(POSTGRES, 'my.cnf')).toThrow(/pgpass, dsn/)
  })

  test('is what a shell takes, quotes and all', () => {
    const script = `${credentialText(POSTGRES, 'env')}printf '%s|' "$PGUSER" "$PGPASSWORD" "$PGSSLROOTCERT"`
    expect(spawnSync('sh', ['-c', script], { encoding: 'utf8' }).stdout).toBe(
      "gh-aaaaaaaaaaaaaaaaaaaa|hunter2-hunter2-hunter2|/home/o'brien/ca.pem|",
    )
  })

  test('is printed only where it is asked for', () => {
    expect(JSON.stringify(POSTGRES)).not.toContain('hunter2')
    for (const format of CREDENTIAL_FORMATS.filter((one) => one !== 'my.cnf'))
      expect(credentialText(POSTGRES, format)).toContain('hunter2')
  })
})

test.each(SNIPPETS)('the snippet for %s runs the program by gatehouse exec, and holds no secret', (name) => {
  const engine = name === 'mysql' ? 'mysql' : 'postgres'
  const text = snippet(name, { target: 'shop', engine, program: ['/opt/node', '/opt/gate house/main.ts'] })
  expect(text).toMatch(/exec[",\s]+--target[",\s]+shop/)
  // Shells and documents keep a path with a space in one piece.
  expect(text).toMatch(/["']\/opt\/gate house\/main\.ts["']/)
  expect(text).not.toMatch(/gh-|eyJ|PGPASSWORD=|MYSQL_PWD=/)
})
