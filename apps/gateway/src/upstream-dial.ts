import type { TargetConfig } from './config/index.ts'
import { Connection } from './connection.ts'
import type { Target } from './target.ts'
import type { Turn } from './turn.ts'
import { pinFault, upstreamTlsOptions } from './upstream-tls.ts'

/** A target could not be reached, or refused the gateway. The message names the target, never its credential. */
export class UpstreamUnavailable extends Error {
  override readonly name = 'UpstreamUnavailable'
  /** SQLSTATE that the upstream gave; null when it did not come to that. */
  readonly sqlstate: string | null
  /** For the log: what the system or the upstream said. */
  readonly detail: string

  constructor(target: string, what: string, detail: string, sqlstate: string | null = null) {
    super(`target ${target}: ${what}`)
    this.sqlstate = sqlstate
    this.detail = detail
  }
}

/** A clear-text connection to a target. `socket`: the path of its socket, where `host` is a folder. Throws `UpstreamUnavailable`. */
export async function connectTarget(
  name: string,
  target: TargetConfig,
  socket: string,
  turn: Turn,
): Promise<Connection> {
  try {
    const address = target.host.startsWith('/') ? { path: socket } : { host: target.host, port: target.port }
    return await Connection.connect(address, target.connectTimeoutSeconds * 1000, turn, target.keepAliveSeconds)
  } catch (error) {
    throw new UpstreamUnavailable(name, 'the database cannot be reached', messageOf(error))
  }
}

/**
 * Begins TLS with a target that has agreed to it, and verifies it as configured. `protocols`: what is offered by ALPN; none for an
 * engine that knows none. Throws `UpstreamUnavailable`; the connection is closed then.
 */
export async function secureTarget(
  name: string,
  target: Target,
  connection: Connection,
  protocols: string[],
): Promise<void> {
  try {
    const options = upstreamTlsOptions(target, protocols)
    await withDeadline(connection.secureAsClient(options), target.connectTimeoutSeconds * 1000)
    // Before anything is sent.
    const fault = pinFault(connection, target)
    if (fault !== null) throw new Error(fault)
  } catch (error) {
    connection.destroy()
    throw new UpstreamUnavailable(name, 'no verified TLS connection to the database could be made', messageOf(error))
  }
}

export function noTlsOffered(name: string, detail: string): UpstreamUnavailable {
  return new UpstreamUnavailable(name, 'the database does not offer TLS, which this target requires', detail)
}

/** Rejects when the work takes longer. */
export async function withDeadline<T>(work: Promise<T>, milliseconds: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** What an error says of itself. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
