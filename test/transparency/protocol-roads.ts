import { startTestGateway } from '../harness/start-gateway.ts'
import { startPostgres } from '../servers/postgres.ts'
import { bind, close, describe, execute, parse, query, RawClient, type RawMessage, SYNC } from './raw-client.ts'
import { ALLOW_ALL } from './two-roads.ts'

/** How one statement is sent. */
export type Manner = 'simple' | 'extended' | 'prepared' | 'binary'

/** Two equal servers, one reached directly and one through a gateway, and a raw client on each. */
export interface ProtocolRoads {
  /** What the server said to one exchange on each road, a line for each message. */
  exchange(messages: readonly Buffer[], extended: boolean): Promise<readonly [readonly string[], readonly string[]]>
  close(): Promise<void>
}

/** `prepare` is told of both servers' URLs before the clients log in. */
export async function openProtocolRoads(
  version: 18 | 15,
  prepare: (url: string) => Promise<void> = () => Promise.resolve(),
): Promise<ProtocolRoads> {
  const start = () => startPostgres({ version, tls: false, hba: ['host all postgres 127.0.0.1/32 trust'] })
  const [left, right] = await Promise.all([start(), start()])
  await Promise.all([prepare(left.url), prepare(right.url)])
  const { host, port, superuser: user, password } = right
  const gateway = await startTestGateway({
    targets: { postgres: { host, port, user, password, database: 'postgres' } },
    policy: ALLOW_ALL,
  })
  const database = 'postgres'
  const direct = await RawClient.open({ host: left.host, port: left.port, user, database, password: null })
  const through = await RawClient.open({
    host: gateway.host,
    port: gateway.port,
    user,
    database,
    password: await gateway.token(),
  })
  const ask = async (client: RawClient, messages: readonly Buffer[], extended: boolean): Promise<readonly string[]> => {
    client.extended = extended
    client.send(...messages)
    return (await client.untilReady()).map(lineOf)
  }
  return {
    exchange: (messages, extended) => Promise.all([ask(direct, messages, extended), ask(through, messages, extended)]),
    async close() {
      direct.close()
      through.close()
      await gateway.close()
      await Promise.all([left.stop(), right.stop()])
    },
  }
}

/** What sends one statement without parameters: one exchange up to a ReadyForQuery, or several. */
export function exchangesFor(manner: Manner, sql: string): readonly (readonly Buffer[])[] {
  switch (manner) {
    case 'simple':
      return [[query(sql)]]
    case 'extended':
      return [[parse('', sql), bind('', '', [], false), describe('P', ''), execute('', 0), SYNC]]
    case 'binary':
      return [[parse('', sql), describe('S', ''), bind('', '', [], true), execute('', 0), SYNC]]
    case 'prepared':
      return [
        [parse('kept', sql), describe('S', 'kept'), SYNC],
        [bind('walk', 'kept', [], false), execute('walk', 2), execute('walk', 0), SYNC],
        // Also after an error, which has the server skip what follows until Sync.
        [close('P', 'walk'), close('S', 'kept'), SYNC],
      ]
    default:
      return manner satisfies never
  }
}

/** One message as text; of a notification, not the process that sent it. */
function lineOf({ tag, body }: RawMessage): string {
  if (tag === 'E' || tag === 'N') return `${tag} ${body.toString('utf8').replaceAll('\0', '|')}`
  return `${tag} ${(tag === 'A' ? body.subarray(4) : body).toString('latin1')}`
}
