import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Gateway, type GatewayConfig, openGatewayLog, parseGatewayConfig, startGateway } from '@gatehouse/gateway'
import type { Reloaded } from '@gatehouse/configuration'
import type { Coordination } from '@gatehouse/coordination'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'

/** A target as the configuration file has it, but with its password in the clear. */
export interface TestTarget {
  /** Default: postgres. */
  readonly engine?: 'postgres' | 'mysql'
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
  readonly tls?: Readonly<Record<string, unknown>>
  readonly connectTimeoutSeconds?: number
  readonly sessionRole?: unknown
}

/** A target whose credential comes from a source, as the configuration file has it. */
export interface LeasedTarget extends Omit<TestTarget, 'user' | 'password'> {
  readonly user?: string
  readonly credential: Readonly<Record<string, unknown>>
}

/** A target whose credential comes from a source, as the configuration file has it. */
export interface LeasedTarget extends Omit<TestTarget, 'user' | 'password'> {
  readonly user?: string
  readonly credential: Readonly<Record<string, unknown>>
}

export interface TestGatewayOptions {
  readonly targets: Readonly<Record<string, TestTarget | LeasedTarget>>
  /** Policy as YAML text. */
  readonly policy: string
  /** Several masking keys by id, and the current one. Default: a single key without an id. */
  readonly maskingKeys?: { readonly keys: Readonly<Record<string, string>>; readonly current: string }
  /** Over the defaults of the listener: that of PostgreSQL, or of MySQL where all targets are of MySQL. */
  readonly listener?: Readonly<Record<string, unknown>>
  /** Over the defaults of `login`. */
  readonly login?: Readonly<Record<string, unknown>>
  /** Over the defaults of `audit`. */
  readonly audit?: Readonly<Record<string, unknown>>
  /** Over the defaults of `recording`. */
  readonly recording?: Readonly<Record<string, unknown>>
  /** Over the defaults of `approvals`. */
  readonly approvals?: Readonly<Record<string, unknown>>
  /** Whose tokens it takes; default: an issuer of its own. It stays open. */
  readonly issuer?: LoopbackIssuer
  /** Over the settings of that issuer; its secrets are in `environment`. */
  readonly issuerSettings?: Readonly<Record<string, unknown>>
  /** Variables that settings refer to. */
  readonly environment?: Readonly<Record<string, string>>
  /** Settings of what it shares: `coordination` and `coordinationOutageGraceSeconds`. */
  readonly shared?: Readonly<Record<string, unknown>>
  /** Opens what it shares with others; default: nothing is shared. */
  readonly coordination?: () => Promise<Coordination>
  /** Receives every line of its log, at the level that says most, or as configured where a collector has the lines too. Default: nobody does. */
  readonly logged?: (line: string) => void
}

/** A gateway of its own for a test file, with an issuer of its own. */
export interface TestGateway {
  readonly gateway: Gateway
  /** Where clients of its one engine connect. */
  readonly host: string
  readonly port: number
  readonly issuer: LoopbackIssuer
  readonly policyFile: string
  readonly trailDirectory: string
  /** A token for group `ai-agents`, changed by `claims`. */
  readonly token: (claims?: Readonly<Record<string, unknown>>) => Promise<string>
  /** postgres://agent:TOKEN@host:port/target, or mysql://… */
  url(target: string, claims?: Readonly<Record<string, unknown>>): Promise<string>
  /** Takes over the same configuration with other settings of its listener. */
  reload(listener: Readonly<Record<string, unknown>>): Promise<Reloaded>
  close(): Promise<void>
}

/** Starts a real gateway in this process. Close it in `afterAll`. */
export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-test-'))
  const issuer = options.issuer ?? (await LoopbackIssuer.start([await createSigningKey('test', 'ES256')]))
  const policyFile = join(folder, 'policy.yaml')
  writeFileSync(policyFile, options.policy)
  const environment: Record<string, string> = {
    MASKING_KEY: 'a masking key for tests, 32 characters',
    ...options.environment,
  }
  const targets = Object.fromEntries(
    Object.entries(options.targets).map(([name, target]) => {
      const set = { engine: 'postgres', tls: { mode: 'disable' }, ...target }
      if (!('password' in target)) return [name, set]
      const variable = `PASSWORD_${name.toUpperCase().replaceAll('-', '_')}`
      environment[variable] = target.password
      return [name, { ...set, password: `\${${variable}}` }]
    }),
  )
  const mysql = Object.values(options.targets).every(({ engine }) => engine === 'mysql')
  const listener = { address: '127.0.0.1:0', allowClearTextPasswordOnLoopback: true, ...options.listener }
  const configOf = (settings: typeof listener) => ({
    gatewayId: 'test-gateway',
    listeners: mysql ? { mysql: settings } : { postgres: settings },
    issuers: [{ issuer: issuer.url, audience: 'gatehouse', allowHttp: true, ...options.issuerSettings }],
    targets,
    policyFile,
    ...maskingSettings(options.maskingKeys, environment),
    audit: { directory: join(folder, 'trail'), ...options.audit },
    ...(options.login === undefined ? {} : { login: options.login }),
    ...(options.recording === undefined ? {} : { recording: options.recording }),
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
    ...options.shared,
  })
  const load = (settings: typeof listener): GatewayConfig => {
    const text = stringify(configOf(settings), { aliasDuplicateObjects: false })
    const loading = parseGatewayConfig(text, folder, environment)
    if (loading.kind === 'problems') throw new Error(JSON.stringify(loading.problems))
    return loading.config
  }
  const config = load(listener)
  const { logged } = options
  const sent =
    config.log.collector === null ? null : await openGatewayLog(config, { write: logged ?? (() => undefined) })
  const log =
    sent?.log ??
    (logged === undefined
      ? pino({ level: process.env.GATEHOUSE_TEST_LOG ?? 'silent' })
      : pino({ level: 'trace' }, { write: logged }))
  const gateway = await startGateway(config, log, (await options.coordination?.()) ?? null, {
    logLines: sent?.lines ?? null,
  })
  const listening = mysql ? gateway.mysql : gateway.postgres
  if (listening === null) throw new Error('the gateway does not listen')
  const { host, port } = listening
  const token = (claims: Readonly<Record<string, unknown>> = {}): Promise<string> => issuer.token(claims)
  return {
    gateway,
    host,
    port,
    issuer,
    policyFile,
    trailDirectory: config.audit.directory,
    token,
    url: async (target, claims) =>
      `${mysql ? 'mysql' : 'postgres'}://agent:${await token(claims)}@${host}:${port}/${target}`,
    reload: (changes) => gateway.reload(load({ ...listener, ...changes })),
    close: async () => {
      await gateway.close()
      await sent?.close()
      if (options.issuer === undefined) await issuer.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The settings for masking keys; their values go into `environment`. */
function maskingSettings(
  several: TestGatewayOptions['maskingKeys'],
  environment: Record<string, string>,
): Readonly<Record<string, unknown>> {
  // oxlint-disable-next-line no-template-curly-in-string
  if (several === undefined) return { maskingKey: '${MASKING_KEY}' }
  const maskingKeys = Object.entries(several.keys).map(([id, key]) => {
    environment[`MASKING_KEY_${id}`] = key
    return { id, key: `\${MASKING_KEY_${id}}` }
  })
  return { maskingKeys, currentMaskingKey: several.current }
}
