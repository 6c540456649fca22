import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { stringify } from 'yaml'
import { freePort } from '../servers/local-tools.ts'
import type { RedisAddress } from '../servers/redis.ts'
import { AdminApi } from './admin-api.ts'
import { type Service, startService } from './service-process.ts'
import { adminSettings, approverToken } from './start-admin.ts'
import type { TestTarget } from './start-gateway.ts'

export interface InstallationOptions {
  readonly redis: RedisAddress
  readonly targets: Readonly<Record<string, TestTarget>>
  /** Policy as YAML text. */
  readonly policy: string
  readonly gateways: number
  readonly admins: number
  /** Over the defaults of each gateway. */
  readonly settings?: Readonly<Record<string, unknown>>
  /** Over the defaults of each admin service. */
  readonly adminSettings?: Readonly<Record<string, unknown>>
  /** Each gateway has a place of its own, `monitoring` among its ports, where it is watched. Default: false. */
  readonly monitored?: boolean
  /** Over the defaults of each listener. */
  readonly listener?: Readonly<Record<string, unknown>>
}

/** Gateways and admin services, each a process of its own, that share one Redis under a key prefix of theirs. */
export interface Installation {
  readonly gateways: readonly Service[]
  readonly admins: readonly Service[]
  /** The directory of each gateway's trail. */
  readonly trails: readonly string[]
  /** A token of an agent. */
  readonly token: (claims?: Readonly<Record<string, unknown>>) => Promise<string>
  /** Somebody of group `dba`, at the admin service that is reached by this port. */
  readonly person: (subject: string, port: number | undefined) => Promise<AdminApi>
  readonly close: () => Promise<void>
}

/** Starts one. Close it in `afterAll`. */
export async function startInstallation(options: InstallationOptions): Promise<Installation> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-installation-'))
  const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
  const { host, port } = options.redis
  const keyPrefix = `test_${String(Math.random()).slice(2)}`
  const coordination = { kind: 'redis', server: { host, port }, keyPrefix }
  const environment = { ...passwords(options.targets), MASKING_KEY: 'a masking key for tests, 32 characters' }
  const starting: Promise<Service>[] = []
  const start = (
    kind: 'gateway' | 'admin',
    name: string,
    config: Readonly<Record<string, unknown>>,
    ports: Readonly<Record<string, number>>,
  ): void => {
    const own = join(folder, name)
    mkdirSync(own)
    writeFileSync(join(own, 'policy.yaml'), options.policy)
    writeFileSync(join(own, 'config.yaml'), stringify({ ...config, coordination }, { aliasDuplicateObjects: false }))
    starting.push(startService(kind, join(own, 'config.yaml'), ports, environment))
  }
  const close = async (): Promise<void> => {
    for (const service of await Promise.allSettled(starting))
      if (service.status === 'fulfilled') await service.value.stop()
    await issuer.close()
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    for (let at = 1; at <= options.gateways; at++) {
      const ports: Record<string, number> = {}
      for (const { engine = 'postgres' } of Object.values(options.targets)) ports[engine] ??= await freePort()
      const name = `gateway-${String(at)}`
      const monitoring = options.monitored === true ? await freePort() : null
      const settings = { gatewayId: name, ...gatewaySettings(options, issuer, ports), ...watchedAt(monitoring) }
      start('gateway', name, settings, monitoring === null ? ports : { ...ports, monitoring })
    }
    for (let at = 1; at <= options.admins; at++) {
      const http = await freePort()
      const name = `admin-${String(at)}`
      start('admin', name, { serviceId: name, ...adminSettings(issuer, http), ...options.adminSettings }, { http })
    }
    const services = await Promise.all(starting)
    return {
      gateways: services.slice(0, options.gateways),
      admins: services.slice(options.gateways),
      trails: Array.from({ length: options.gateways }, (_, at) => join(folder, `gateway-${String(at + 1)}`, 'trail')),
      token: (claims = {}) => issuer.token(claims),
      person: async (subject, port) =>
        new AdminApi(`http://127.0.0.1:${String(port)}`, await approverToken(issuer, subject)),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function gatewaySettings(
  { targets, settings, listener }: InstallationOptions,
  issuer: LoopbackIssuer,
  ports: Readonly<Record<string, number>>,
): Readonly<Record<string, unknown>> {
  const listening = (port: number): Readonly<Record<string, unknown>> => ({
    address: `127.0.0.1:${String(port)}`,
    allowClearTextPasswordOnLoopback: true,
    ...listener,
  })
  return {
    listeners: Object.fromEntries(Object.entries(ports).map(([engine, port]) => [engine, listening(port)])),
    issuers: [{ issuer: issuer.url, audience: 'gatehouse', allowHttp: true }],
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, target]) => [
        name,
        { engine: 'postgres', tls: { mode: 'disable' }, ...target, password: `\${${variable(name)}}` },
      ]),
    ),
    policyFile: 'policy.yaml',
    // oxlint-disable-next-line no-template-curly-in-string
    maskingKey: '${MASKING_KEY}',
    audit: { directory: 'trail' },
    // Clients that are left when a test is over are not waited for.
    drainSeconds: 0,
    ...settings,
  }
}

function watchedAt(port: number | null): Readonly<Record<string, unknown>> {
  return port === null ? {} : { monitoring: { address: `127.0.0.1:${String(port)}` } }
}

function passwords(targets: InstallationOptions['targets']): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(targets).map(([name, { password }]) => [variable(name), password]))
}

function variable(target: string): string {
  return `PASSWORD_${target.toUpperCase()}`
}
