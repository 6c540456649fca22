import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import tls from 'node:tls'
import type { TargetConfig } from './config/index.ts'
import { Connection } from './connection.ts'
import type { Turn } from './turn.ts'

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
    return await Connection.connect(address, target.connectTimeoutSeconds * 1000, turn)
  } catch (error) {
    throw new UpstreamUnavailable(name, 'the database cannot be reached', messageOf(error))
  }
}

/** True where the target is configured to be reached by TLS: then nothing secret goes to it without. */
export function wantsTls({ tls: { mode } }: TargetConfig): boolean {
  return mode !== 'disable' && mode !== 'clear-text-over-network'
}

/**
 * Begins TLS with a target that has agreed to it, and verifies it as configured. `protocols`: what is offered by ALPN; none for an
 * engine that knows none. Throws `UpstreamUnavailable`; the connection is closed then.
 */
export async function secureTarget(
  name: string,
  target: TargetConfig,
  connection: Connection,
  protocols: string[],
): Promise<void> {
  try {
    await withDeadline(connection.secureAsClient(tlsOptions(target, protocols)), target.connectTimeoutSeconds * 1000)
  } catch (error) {
    connection.destroy()
    throw new UpstreamUnavailable(name, 'no verified TLS connection to the database could be made', messageOf(error))
  }
}

export function noTlsOffered(name: string, detail: string): UpstreamUnavailable {
  return new UpstreamUnavailable(name, 'the database does not offer TLS, which this target requires', detail)
}

/** One context per target: it holds the authorities, which are most of what a TLS connection weighs. */
const secureContexts = new WeakMap<TargetConfig, tls.SecureContext>()

function secureContextOf(target: TargetConfig): tls.SecureContext {
  let context = secureContexts.get(target)
  if (context === undefined) {
    const { caFile, clientCertificateFile, clientKeyFile } = target.tls
    context = tls.createSecureContext({
      minVersion: 'TLSv1.2',
      ...(caFile === null ? {} : { ca: readFileSync(caFile) }),
      ...(clientCertificateFile === null ? {} : { cert: readFileSync(clientCertificateFile) }),
      ...(clientKeyFile === null ? {} : { key: readFileSync(clientKeyFile) }),
    })
    secureContexts.set(target, context)
  }
  return context
}

function tlsOptions(target: TargetConfig, protocols: string[]): tls.ConnectionOptions {
  const { mode, serverName } = target.tls
  const verified = serverName ?? target.host
  return {
    host: verified,
    ...(isIP(verified) === 0 ? { servername: verified } : {}),
    secureContext: secureContextOf(target),
    rejectUnauthorized: mode !== 'require-unverified',
    ...(protocols.length === 0 ? {} : { ALPNProtocols: protocols }),
    ...(mode === 'verify-full' ? {} : { checkServerIdentity: () => undefined }),
  }
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
