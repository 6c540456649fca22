import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { VERSIONS } from '../mysql/scene.ts'
import { findMysqlClient, type MysqlClient } from './find-mysql-client.ts'
import { openMysqlShop } from './mysql-shop.ts'
import type { Shop } from './shop.ts'

const CLIENTS = await Promise.all(
  (['mysql', 'mariadb'] as const).map(async (flavour) => ({ flavour, found: await findMysqlClient(flavour) })),
)
// MySQL 9's has no plugin for MariaDB's own accounts: there is nothing to compare it with.
const cases = CLIENTS.flatMap((client) =>
  VERSIONS.filter(({ version }) => client.flavour === 'mariadb' || version.startsWith('MySQL')).map((version) => ({
    ...client,
    ...version,
  })),
)

describe.each(cases)('The client of $flavour on $version', ({ flavour, found, version, shared }) => {
  if (found.kind === 'absent') return test.skip(found.reason, () => undefined)
  if ('absent' in shared) return test.skip(shared.absent, () => undefined)
  const { address } = shared
  const client = found.program
  let shop: Shop
  beforeAll(async () => {
    shop = await openMysqlShop(`drivers_client_${flavour}_${version}`.replaceAll(/\W/g, '_'), address)
  })
  afterAll(() => shop.close())

  const tls = (): string[] =>
    flavour === 'mysql'
      ? ['--ssl-mode=VERIFY_IDENTITY', `--ssl-ca=${shop.caFile}`]
      : ['--ssl-verify-server-cert', `--ssl-ca=${shop.caFile}`]

  async function through(
    what: 'client' | 'dump',
    more: readonly string[],
    input = '',
    password?: string,
  ): Promise<string> {
    const place = ['--protocol=tcp', '--host=localhost', `--port=${shop.gateway.port}`]
    return printed(client, what, [...place, ...tls(), ...more], input, password ?? (await shop.gateway.token()))
  }

  function without(what: 'client' | 'dump', more: readonly string[], input = ''): Promise<string> {
    const { host, port, user, password } = shop.direct
    const place = ['--protocol=tcp', `--host=${host}`, `--port=${port}`, `--user=${user}`]
    const key = flavour === 'mysql' ? ['--get-server-public-key'] : []
    return printed(client, what, [...place, ...key, ...more], input, password)
  }

  test('logs in with the token as password over verified TLS, and reads, masked', async () => {
    const input =
      'SELECT item FROM orders WHERE id = 1; SELECT ssn FROM people WHERE id = 1; SELECT who FROM log WHERE id = 3;'
    expect(await through('client', ['--user=copilot', 'shop', '--batch'], input)).toBe(
      'item\nloom\nssn\n*******6789\nwho\n[redacted]\n',
    )
  })

  if (flavour === 'mysql')
    test('logs in with the token in a file, by authentication_openid_connect_client', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'gatehouse-token-'))
      const file = join(folder, 'id-token')
      const log = (token: string): Promise<string> => {
        writeFileSync(file, token, { mode: 0o600 })
        return through(
          'client',
          [
            '--user=copilot',
            'shop',
            '--batch',
            '--default-auth=authentication_openid_connect_client',
            `--authentication-openid-connect-client-id-token-file=${file}`,
          ],
          'SELECT ssn FROM people WHERE id = 1;',
          '',
        )
      }
      try {
        expect(await log(await shop.gateway.token())).toBe('ssn\n*******6789\n')
        expect(await log(await shop.gateway.token({ exp: 1_000_000_000 }))).toMatch(/1045.*gatehouse: TOKEN_EXPIRED/s)
      } finally {
        rmSync(folder, { recursive: true, force: true })
      }
    })

  test('is told when the token is wrong', async () => {
    expect(await through('client', ['--user=copilot', 'shop'], 'SELECT 1', 'not a token')).toMatch(/1045.*gatehouse: /s)
  })

  test('prints the same as without the gateway', async () => {
    const input =
      'SELECT * FROM kinds ORDER BY id; SHOW CREATE TABLE orders; DESCRIBE people; SHOW TABLES; CALL two_results(); SHOW WARNINGS;\n'
    const { database } = shop.direct
    const options = [database, '--batch', '--column-type-info', '--default-character-set=utf8mb4']
    const said = await through('client', ['--user=copilot+plain', ...options], input)
    expect(said).toContain('Grüße')
    expect(said).toBe(await without('client', options, input))
  })

  test('goes on in its transaction after a refusal', async () => {
    const input =
      "BEGIN; INSERT INTO orders VALUES (90, 2, 'needle', 1); DELETE FROM orders; SELECT item FROM orders WHERE id = 90; ROLLBACK;\n"
    const said = await through('client', ['--user=copilot', 'shop', '--batch', '--force'], input)
    expect(said).toContain('item\nneedle\n')
    expect(said).toMatch(/1227 \(42000\).*gatehouse: .*Open a change request/)
  })

  test('is refused LOAD DATA LOCAL, and goes on', async () => {
    const input = "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE orders; SELECT item FROM orders WHERE id = 1;\n"
    const said = await through('client', ['--user=copilot', 'shop', '--batch', '--force', '--local-infile=1'], input)
    expect(said).toMatch(/gatehouse: /)
    expect(said).toContain('item\nloom\n')
  })

  test('dumps definitions as without the gateway (--no-data --routines)', async () => {
    const { database } = shop.direct
    const options = ['--no-data', '--routines', '--skip-comments', '--skip-lock-tables', '--no-tablespaces', database]
    const said = await through('dump', ['--user=copilot+plain', ...options])
    expect(said).toContain('CREATE DEFINER')
    expect(said).toBe(await without('dump', options))
  })
})

function printed(
  client: MysqlClient,
  what: 'client' | 'dump',
  options: readonly string[],
  input: string,
  password: string,
): Promise<string> {
  const { command, leading } = client.program(what)
  const child = spawn(command, [...leading, ...options], { env: { ...process.env, MYSQL_PWD: password } })
  let out = ''
  let warned = ''
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (out += piece))
  // Behind the rest: which of two pipes is read first is chance.
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (warned += piece))
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  return new Promise((resolve) => child.on('close', () => resolve(out + warned)))
}
