import { readFileSync } from 'node:fs'
import { readVerifyingKeys, TrailWriter, type VerifyingKeys } from '@gatehouse/audit-trail'
import { ReloadedTls } from '@gatehouse/certificates'
import {
  addressText,
  type ListenAddress,
  openCoordination,
  openTrailProof,
  type Reloaded,
  sayReloaded,
  startRetention,
  trailShipping,
} from '@gatehouse/configuration'
import type { Coordination } from '@gatehouse/coordination'
import { TokenVerifier } from '@gatehouse/identity'
import {
  type ExportAccount,
  measureLogLines,
  measureCertificates,
  measureCoordination,
  measureProcess,
  measureShipping,
  measureTrail,
  type ScrapedMetrics,
} from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import adminPackage from '../package.json' with { type: 'json' }
import { Doorkeeper } from './access/authenticate.ts'
import { LinkSigner } from './channels/decide-links.ts'
import { Teller } from './channels/teller.ts'
import { CookieSeal } from './access/page-session.ts'
import { ActionTrail } from './action-trail.ts'
import { buildApp } from './app.ts'
import type { AdminConfig } from './config/admin-config.ts'
import { Changes } from './live/changes.ts'
import { createMetrics } from './metrics.ts'
import type { Explain } from './ports.ts'
import { SettingsInForce } from './settings-in-force.ts'
import { TrailSearch } from './trail-search.ts'

/** A running admin service. */
export interface Admin {
  readonly address: ListenAddress
  /** What it counts. */
  readonly metrics: ScrapedMetrics
  /** Takes over another configuration, whole or not at all, for requests from then on. What became of it is logged. */
  reload(config: AdminConfig): Reloaded
  /** Reads the certificate again now; one that cannot be used is passed over, and logged. */
  reloadCertificates(): void
  close(): Promise<void>
}

/** What the service is given beside its configuration. */
export interface AdminOptions {
  /** What it shares with gateways of this process, from now on its own to close; null: as configured. */
  readonly coordination?: Coordination | null
  readonly explain?: Explain | null
  /** The folder of the built page; null: none. */
  readonly page?: string | null
  /** What became of the lines of its log that are sent to a collector; null: none are. */
  readonly logLines?: ExportAccount | null
}

/** Starts the service. Rejects with an error that says what is wrong; nothing is left running then. */
export async function startAdmin(config: AdminConfig, log: Logger, options: AdminOptions = {}): Promise<Admin> {
  const closers: (() => Promise<void> | void)[] = []
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one()
  }
  try {
    for (const choice of weakerChoices(config)) log.warn({ choice }, 'a weaker choice is configured')
    const { directory, syncMilliseconds } = config.audit
    const proof = openTrailProof(config.audit, (sink, error) => {
      log.warn({ sink, error: String(error) }, 'a checkpoint of the trail could not be kept elsewhere')
    })
    closers.push(() => proof.close())
    const shipping = trailShipping(config.audit.shipping, log)
    closers.push(() => shipping.close())
    const trail = await TrailWriter.open(directory, {
      gatewayId: config.serviceId,
      syncMilliseconds,
      ...proof.options,
    })
    closers.push(() => trail.close())
    await shipping.begin(trail, directory, config.serviceId)
    const coordination = options.coordination ?? (await openCoordination(config.coordination))
    closers.push(() => coordination.close())
    const { retention: ages, shipping: places } = config.audit
    const database =
      places.postgres === null || ages.databaseDays === null ? null : { at: places.postgres, days: ages.databaseDays }
    const retention = startRetention(ages, {
      directory,
      trail,
      schedule: () => trail.commit(),
      legalHolds: coordination.legalHolds,
      shipping: shipping.shipping,
      database,
      log,
    })
    closers.push(() => retention?.close())
    const settings = new SettingsInForce(config, log)
    closers.push(() => settings.close())
    const swapped = config.credentials?.issuers ?? null
    const gatewayVerifier = swapped === null ? null : TokenVerifier.create(swapped, { log })
    closers.push(() => gatewayVerifier?.close())
    const loggingOut = config.backChannelLogout?.issuers ?? null
    const logoutVerifier = loggingOut === null ? null : TokenVerifier.create(loggingOut, { log })
    closers.push(() => logoutVerifier?.close())
    const changes = new Changes(coordination)
    closers.push(() => changes.close())
    const links =
      config.linkKey === null ? null : new LinkSigner(config.linkKey, config.formerLinkKeys, config.publicUrl)
    const metrics = createMetrics()
    const { scraped } = metrics
    closers.push(measureProcess(scraped, 'admin', adminPackage.version))
    measureTrail(scraped, () => trail.state)
    measureShipping(scraped, () => shipping.shipping?.state ?? null)
    measureCoordination(scraped, coordination)
    measureLogLines(scraped, options.logLines ?? null)
    const teller = new Teller({ config, coordination, trail, links, metrics, log, now: () => Date.now() })
    closers.push(() => teller.close())
    const trailSearch = await TrailSearch.open(config)
    closers.push(() => trailSearch.close())
    const seal = new CookieSeal(config.login?.sessionKey ?? null)
    const files = { authoritiesFile: null, crlFile: null }
    const tls = config.tls === null ? null : new ReloadedTls('tls', { ...config.tls, ...files }, log, () => Date.now())
    closers.push(() => tls?.close())
    measureCertificates(scraped, () => (tls === null ? [] : [{ setting: 'tls', state: tls.state }]))
    const app = await buildApp({
      config: settings.config,
      log,
      tls,
      coordination,
      trail,
      actions: new ActionTrail(trail),
      doorkeeper: new Doorkeeper(
        settings.config,
        settings,
        // Where nothing else is said, gateways take the tokens that this service takes.
        config.credentials === null ? null : (gatewayVerifier ?? settings),
        seal,
        coordination.revocations,
      ),
      seal,
      get signIn() {
        return settings.signIn
      },
      logoutVerifier,
      changes,
      links,
      metrics,
      trailSearch,
      verifyingKeys: readKeys(config.verifyingKeyFiles),
      ownKeys: ownKeys(config),
      explain: options.explain ?? null,
      page: options.page ?? null,
      now: () => Date.now(),
    })
    closers.push(() => app.close())
    const { host, port } = config.address
    await app.listen({ host, port })
    const bound = app.server.address()
    const address = { host, port: typeof bound === 'object' && bound !== null ? bound.port : port }
    log.info({ address: addressText(address), url: config.publicUrl }, 'admin service is listening')
    const reload = (next: AdminConfig): Reloaded => {
      const outcome = settings.change(next)
      sayReloaded(outcome, log)
      return outcome
    }
    return { address, metrics: scraped, reload, reloadCertificates: () => tls?.reload(), close }
  } catch (error) {
    await close()
    throw error
  }
}

function readKeys(files: readonly string[]): VerifyingKeys | null {
  if (files.length === 0) return null
  try {
    return readVerifyingKeys(files.map((file) => readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Error('verifyingKeyFiles: one of the files holds no public Ed25519 key in PEM', { cause })
  }
}

/** The key of its trail, and those that other trails are sealed by: one that is not used any more is kept among them. */
function ownKeys({ audit, verifyingKeyFiles }: AdminConfig): VerifyingKeys | null {
  if (audit.signingKey === null) return null
  return new Map([...readVerifyingKeys([audit.signingKey.expose()]), ...(readKeys(verifyingKeyFiles) ?? [])])
}

function weakerChoices({ issuers, credentials, backChannelLogout, login }: AdminConfig): readonly string[] {
  const found = [...issuers, ...(credentials?.issuers ?? []), ...(backChannelLogout?.issuers ?? [])]
    .filter(({ allowHttp }) => allowHttp)
    .map(({ issuer }) => `issuers.allowHttp: the keys of ${issuer} may be fetched without TLS`)
  if (login !== null && login.sessionKey === null)
    found.push('login.sessionKey: sessions of the page are good at this process alone, and end with it')
  return found
}
