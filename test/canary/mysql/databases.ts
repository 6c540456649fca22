import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { NeedleIndex, needlesOf } from '../../corpus/canaries.ts'
import { startTestGateway, type TestTarget } from '../../harness/start-gateway.ts'
import { CommandClient } from '../../mysql/command-client.ts'
import { createDatabase, type MysqlAddress, openConnection, type TextConnection } from '../../servers/mysql.ts'
import { type Databases, LONG } from '../databases.ts'
import { makeSide } from './data.ts'
import { unitOf } from './generate.ts'
import { MysqlLane } from './lane.ts'
import type { Flavour } from './language.ts'
import { HIDING_TARGETS, policyOf, SHOWING_TARGETS } from './policy.ts'
import { TABLE_LIST } from './schema.ts'
import { empty, storedOpenly } from './stored.ts'

/** Which side's values a database has. Names are of one length. */
const SIDES = { one: 0, two: 1, own: 0, shw: 0, oth: 1 } as const
type DatabaseName = keyof typeof SIDES
const NAMES = Object.keys(SIDES) as DatabaseName[]

/** Makes the databases. `seed` makes their masked values; `policy` may change that of the targets. */
export async function openDatabases(
  server: MysqlAddress,
  seed: number,
  policy: (text: string) => string = (text) => text,
): Promise<Databases> {
  const tag = randomBytes(4).toString('hex')
  const flavour: Flavour = server.version === 'mysql-9' ? 'mysql' : 'mariadb'
  const schema = readFileSync(new URL('schema.sql', import.meta.url), 'utf8')
    // An index that the optimiser does not use: the order of rows would be that of masked values.
    .replaceAll('UNSEEN', flavour === 'mysql' ? 'INVISIBLE' : 'IGNORED')
  const sides = [makeSide(seed * 2), makeSide(seed * 2 + 1)] as const
  const nameOf = (name: DatabaseName): string => `canary_${tag}_${name}`
  const made = await Promise.all(NAMES.map((name) => createDatabase(server, nameOf(name), schema)))
  const connections = new Map<DatabaseName, TextConnection>()
  for (const [index, name] of NAMES.entries()) {
    const connection = await openConnection(made[index]?.url ?? '')
    connections.set(name, connection)
    await fill(connection, sides[SIDES[name]].rows)
  }
  const connectionOf = (name: DatabaseName): TextConnection => {
    const found = connections.get(name)
    if (found === undefined) throw new Error(`no connection to ${name}`)
    return found
  }
  const { host, port, superuser: user, password } = server
  const target = (name: DatabaseName): TestTarget => ({
    engine: 'mysql',
    host,
    port,
    database: nameOf(name),
    user,
    password,
  })
  const [one, two] = HIDING_TARGETS
  const [shown, other] = SHOWING_TARGETS
  const gateway = await startTestGateway({
    targets: { [one]: target('one'), [two]: target('two'), [shown]: target('shw'), [other]: target('oth') },
    policy: policy(policyOf({ one: nameOf('one'), two: nameOf('two'), shown: nameOf('shw'), other: nameOf('oth') })),
  })
  const through = (targetName: string, name: DatabaseName): MysqlLane =>
    new MysqlLane(
      async () =>
        CommandClient.login(
          { host: gateway.host, port: gateway.port },
          { database: targetName, password: await gateway.token(), plugin: 'mysql_clear_password' },
        ),
      nameOf(name),
    )
  const direct = new MysqlLane(
    () => CommandClient.login({ host, port }, { database: nameOf('own'), user, password }),
    nameOf('own'),
    // Nothing refuses them there, and definitions are not rolled back.
    ['definition', 'denied table', 'file'],
  )
  const lanes = {
    one: through(one, 'one'),
    two: through(two, 'two'),
    direct,
    shown: through(shown, 'shw'),
    other: through(other, 'oth'),
  }
  const { canaries } = sides[0]
  return {
    unitOf: (unitSeed, probes) => unitOf(unitSeed, flavour, probes),
    ...lanes,
    canaries,
    needles: new NeedleIndex(needlesOf(canaries, { text: 5, digits: 5 })),
    longNeedles: new NeedleIndex(
      needlesOf(
        canaries.filter(({ value }) => value.length >= LONG),
        { text: LONG, digits: LONG },
      ),
    ),
    stored: () => Promise.all([storedOpenly(connectionOf('one')), storedOpenly(connectionOf('two'))]),
    reset: async () => {
      // Sessions have temporary tables and locks.
      for (const lane of Object.values(lanes)) lane.close()
      await Promise.all(
        NAMES.map(async (name) => {
          await empty(connectionOf(name))
          await fill(connectionOf(name), sides[SIDES[name]].rows)
        }),
      )
    },
    close: async () => {
      for (const lane of Object.values(lanes)) lane.close()
      await gateway.close()
      for (const connection of connections.values()) await connection.close()
      for (const { drop } of made) await drop()
    },
  }
}

async function fill(connection: TextConnection, rows: readonly string[]): Promise<void> {
  await connection.rows('BEGIN')
  for (const sql of rows) await connection.rows(sql)
  await connection.rows('COMMIT')
  // Counts taken at another time would give each side plans of its own, and these another order of rows.
  await connection.rows(`ANALYZE TABLE ${TABLE_LIST.map(({ name }) => name).join(', ')}`)
}
