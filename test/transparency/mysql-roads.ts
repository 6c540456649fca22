import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestGateway } from '../harness/start-gateway.ts'
import { CommandClient, type LoginRequest } from '../mysql/command-client.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { createDatabase, type MysqlServer, type MysqlVersion, openConnection, startMysql } from '../servers/mysql.ts'
import { ALLOW_ALL } from './two-roads.ts'

const ONE_HOUR_SECONDS = 3600

/** The database on both sides, and the target: what names it in a message is the same. */
export const DATABASE = 'test'

/** Two equal servers, one reached directly and one through a gateway that permits everything. */
export interface MysqlRoads {
  readonly direct: MysqlServer
  readonly behind: MysqlServer
  /** The gateway's address, the file with the authority that vouches for it, and a password that it takes. */
  readonly gateway: { readonly host: string; readonly port: number; readonly caFile: string }
  readonly token: () => Promise<string>
  /** The database as it was in the beginning on both, and no other. */
  readonly renew: () => Promise<void>
  /** A client on each road, with the same capabilities. */
  readonly enter: (request?: Partial<LoginRequest>) => Promise<ClientPair>
  readonly close: () => Promise<void>
}

/** The same client twice, on the two roads. */
export interface ClientPair {
  readonly direct: CommandClient
  readonly through: CommandClient
  /** Does the same on both, one after the other. */
  readonly both: <Result>(act: (client: CommandClient) => Promise<Result>) => Promise<readonly [Result, Result]>
  readonly end: () => void
}

/** `settings`: of both servers, as in `startMysql`; `sql` is run in both databases before the gateway looks. Throws `ServerAbsent`. */
export async function openMysqlRoads(
  version: MysqlVersion,
  settings: Readonly<Record<string, string | number | null>> = {},
  sql = '',
): Promise<MysqlRoads> {
  const start = (): Promise<MysqlServer> => startMysql({ version, settings })
  const [direct, behind] = await Promise.all([start(), start()])
  const servers = [direct, behind]
  const renew = async (): Promise<void> => {
    await Promise.all(servers.map((server) => renewDatabase(server, sql)))
  }
  await renew()
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-roads-'))
  const authority = makeAuthority('Gatehouse listener authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const write = (name: string, text: string): string => {
    const file = join(folder, name)
    writeFileSync(file, text, { mode: 0o600 })
    return file
  }
  const ca = authority.certificate
  const caFile = write('ca.crt', ca)
  const { host, port, superuser: user, password } = behind
  const gateway = await startTestGateway({
    targets: { [DATABASE]: { engine: 'mysql', host, port, database: DATABASE, user, password } },
    policy: ALLOW_ALL,
    listener: { tls: { certificateFile: write('listener.crt', certificate), keyFile: write('listener.key', key) } },
  })
  const door = { host: gateway.host, port: gateway.port }
  return {
    direct,
    behind,
    gateway: { ...door, caFile },
    token: () => gateway.token(),
    renew,
    enter: async (request = {}) => {
      const straight = { user, password: direct.password, database: DATABASE, ...request }
      const left = await CommandClient.login({ host: direct.host, port: direct.port }, straight)
      // A whole run takes longer than a token lasts by default.
      const token = await gateway.token({ exp: Math.floor(Date.now() / 1000) + ONE_HOUR_SECONDS })
      const right = await CommandClient.login({ ...door, ca }, { ...straight, password: token })
      return pairOf(left, right)
    },
    close: async () => {
      await gateway.close()
      rmSync(folder, { recursive: true, force: true })
      await Promise.all(servers.map((server) => server.stop()))
    },
  }
}

function pairOf(direct: CommandClient, through: CommandClient): ClientPair {
  return {
    direct,
    through,
    both: async (act) => [await act(direct), await act(through)],
    end: () => {
      direct.end()
      through.end()
    },
  }
}

const OWN_DATABASES: readonly string[] = ['mysql', 'sys', 'information_schema', 'performance_schema', DATABASE]

async function renewDatabase(server: MysqlServer, sql: string): Promise<void> {
  const connection = await openConnection(server.url)
  try {
    for (const [name] of await connection.rows('SHOW DATABASES')) {
      if (name !== null && name !== undefined && !OWN_DATABASES.includes(name))
        await connection.rows(`DROP DATABASE IF EXISTS \`${name.replaceAll('`', '``')}\``)
    }
    await connection.rows(`DROP DATABASE IF EXISTS ${DATABASE}`)
  } finally {
    await connection.close()
  }
  await createDatabase(server, DATABASE, sql)
}

/** Tables by the names that most of the servers' own tests use. */
export const COMMON_TABLES = `
  CREATE TABLE t1 (a INT, b INT);
  CREATE TABLE t2 (a INT, b INT);
  CREATE TABLE t3 (a INT PRIMARY KEY AUTO_INCREMENT, b VARCHAR(20), c DATETIME);
  INSERT INTO t1 VALUES (1, 1), (2, 2), (3, NULL);
  INSERT INTO t2 VALUES (1, 10), (3, 30);
  INSERT INTO t3 VALUES (1, 'one', '2024-02-29 12:00:00'), (2, 'ä😀', NULL);
  CREATE VIEW v1 AS SELECT a, b FROM t1 WHERE a > 1;
`
