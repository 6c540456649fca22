import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from './engine.ts'
import { type OwnProcess, portOf, startOwn } from './own-process.ts'

/** What a gateway of a measurement needs to know. */
export interface GatewaySetup {
  readonly engine: Engine
  /** Gets configuration, policy, audit trail and log. */
  readonly folder: string
  readonly issuer: string
  readonly upstream: {
    readonly port: number
    readonly user: string
    readonly password: string
    /** The authority of the upstream's certificate; null: no TLS to it. */
    readonly caFile: string | null
  }
  /** The listener's certificate; null: clear text on loopback. */
  readonly listenerTls: { readonly certificateFile: string; readonly keyFile: string } | null
  readonly nodeArgs?: readonly string[]
  /** Left out: the policy of every measurement of the engine. */
  readonly policy?: string
  /** Further settings, in YAML. Left out: none. */
  readonly more?: string
}

export interface GatewayProcess extends OwnProcess {
  readonly port: number
}

/** The target every gateway here serves, and the database behind it. */
export const TARGET = 'shop'

/** Starts the gateway with everything on, as a process of its own; its connection limits are the only ones raised. */
export async function startGatewayProcess(setup: GatewaySetup): Promise<GatewayProcess> {
  const { folder } = setup
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'gateway.yaml')
  writeFileSync(join(folder, 'policy.yaml'), setup.policy ?? setup.engine.policy)
  writeFileSync(file, configuration(setup))
  const started = await startOwn('gateway-process.ts', [file], {
    nodeArgs: setup.nodeArgs ?? [],
    env: {
      BENCH_UPSTREAM_PASSWORD: setup.upstream.password,
      BENCH_MASKING_KEY: randomBytes(32).toString('hex'),
      NODE_ENV: 'production',
    },
    logFile: join(folder, 'gateway.log'),
  })
  return { ...started, port: portOf(started.ready) }
}

function configuration({ engine, issuer, upstream, listenerTls, more = '' }: GatewaySetup): string {
  const listener =
    listenerTls === null
      ? 'allowClearTextPasswordOnLoopback: true'
      : `tls: { certificateFile: ${JSON.stringify(listenerTls.certificateFile)}, keyFile: ${JSON.stringify(listenerTls.keyFile)} }`
  const tls =
    upstream.caFile === null ? 'mode: disable' : `mode: verify-full, caFile: ${JSON.stringify(upstream.caFile)}`
  return `gatewayId: bench
listeners:
  ${engine.name}:
    address: 127.0.0.1:0
    ${listener}
    maxConnections: 20000
    maxConnectionsPerAddress: 20000
    maxConnectionsPerPrincipal: 20000
issuers:
  - { issuer: "${issuer}", audience: gatehouse, allowHttp: true }
targets:
  ${TARGET}:
    engine: ${engine.name}
    host: 127.0.0.1
    port: ${String(upstream.port)}
    database: ${TARGET}
    user: ${upstream.user}
    password: \${BENCH_UPSTREAM_PASSWORD}
    tls: { ${tls} }
policyFile: policy.yaml
maskingKey: \${BENCH_MASKING_KEY}
audit: { directory: trail }
log: { level: warn }
${more}`
}
