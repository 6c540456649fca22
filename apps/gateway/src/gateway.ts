import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import { encodePolicyLoaded, type Policy, RateLimiter } from '@gatehouse/core'
import { TrailWriter } from '@gatehouse/audit-trail'
import { PostgresReader } from '@gatehouse/sql-analysis'
import type { Logger } from 'pino'
import { type GatewayConfig, weakerChoices } from './config/index.ts'
import { TokenVerifier } from './identity/index.ts'
import { Listener } from './listener.ts'
import { maskingKeyIds, maskingKeysOf } from './masking-keys.ts'
import { PolicyFile } from './policy-source.ts'
import { catalogRowsOf, CatalogSource, type StoredTexts } from './postgres/catalog-source.ts'
import { PostgresEngine, type PostgresTarget } from './postgres/engine.ts'
import { SessionRegistry } from './session-registry.ts'
import { Turn } from './turn.ts'

/** A running gateway. */
export interface Gateway {
  /** Where PostgreSQL clients connect. */
  readonly postgres: { readonly host: string; readonly port: number }
  /** Live sessions. */
  readonly sessions: SessionRegistry
  /** Reads the policy file again now. */
  reloadPolicy(): void
  /** Ends every session properly, then everything else, in order. */
  close(): Promise<void>
}

/** An outcome waits this long for the next intent, to be written with it. Intents never wait. */
const OWED_MILLISECONDS = 5
/** How often the trail looks whether its file is still the one that its name leads to. */
const CHECK_MILLISECONDS = 10

/** How long sessions get to take their last message when the gateway closes. */
const CLOSE_MILLISECONDS = 300

/** Builds the ports, starts the listeners. Rejects with an error that says what is wrong; nothing is left running then. */
export async function startGateway(config: GatewayConfig, log: Logger): Promise<Gateway> {
  for (const choice of weakerChoices(config)) log.warn({ choice }, 'a weaker choice is configured')
  const { syncMilliseconds, segmentBytes, segmentSeconds, statementTextMaxBytes, directory } = config.audit
  const trail = await TrailWriter.open(directory, {
    gatewayId: config.gatewayId,
    syncMilliseconds,
    segmentBytes,
    segmentSeconds,
    owedMilliseconds: OWED_MILLISECONDS,
    checkMilliseconds: CHECK_MILLISECONDS,
  })
  const turn = new Turn(trail)
  const closers: (() => Promise<void> | void)[] = [() => trail.close()]
  try {
    const policy = new PolicyFile(config.policyFile, maskingKeyIds(config), log, (loaded) => {
      trail.owe(encodePolicyLoaded(loaded.version, config.policyFile, ruleCount(loaded)))
      turn.schedule()
    })
    policy.watch()
    closers.push(() => policy.close())
    const listenerConfig = config.listeners.postgres
    const reader = await PostgresReader.create({
      catalogRows: catalogRowsOf,
      limits: { maxStatementBytes: listenerConfig.maxStatementBytes },
    })
    closers.push(() => reader.close())
    const verifier = TokenVerifier.create(config.issuers, { log })
    closers.push(() => verifier.close())
    const storedTexts: StoredTexts = {
      parse: (sql) => reader.parseQuery(sql),
      parsePlpgsql: (sql) => reader.parsePlpgsql(sql),
    }
    const targets = new Map<string, PostgresTarget>()
    for (const [name, target] of config.targets) {
      const catalog = new CatalogSource(name, target, storedTexts, turn, log)
      targets.set(name, { config: target, catalog })
      closers.push(() => catalog.close())
      // Begun now so that the first login finds it; a target that is down now may be up then.
      catalog
        .ready()
        .catch((error: unknown) =>
          log.warn({ target: name, error: String(error) }, 'the catalog of the target could not be read yet'),
        )
    }
    const sessions = new SessionRegistry()
    const clockHand = setInterval(() => sessions.checkTime(performance.now()), 1000).unref()
    closers.push(() => clearInterval(clockHand))
    const engine = new PostgresEngine({
      listener: listenerConfig,
      secureContext: listenerConfig.tls === null ? null : secureContext(listenerConfig.tls),
      targets,
      verifier,
      policy,
      reader,
      trail,
      turn,
      rates: new RateLimiter(),
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      recordLimits: {
        maxTextBytes: statementTextMaxBytes,
        maxParameterBytes: 4096,
        maxParametersBytes: 65_536,
        maxParameters: 1000,
      },
      maskingKeys: maskingKeysOf(config),
      sessions,
      log,
    })
    const { host, port } = listenerConfig.address
    const listener = new Listener({
      host,
      port,
      maxConnections: listenerConfig.maxConnections,
      maxConnectionsPerAddress: listenerConfig.maxConnectionsPerAddress,
      turn,
      log,
      serve: (client) => engine.serve(client),
    })
    const bound = await listener.listen()
    log.info(
      { host, port: bound, targets: [...targets.keys()], policy: policy.current.version },
      'gateway is listening for PostgreSQL clients',
    )
    return {
      postgres: { host, port: bound },
      sessions,
      reloadPolicy: () => policy.reload(),
      close: async () => {
        listener.close()
        sessions.endAll('shutdown')
        await new Promise((resolve) => setTimeout(resolve, sessions.size === 0 ? 20 : CLOSE_MILLISECONDS))
        for (const close of closers.toReversed()) await close()
        log.info('gateway is closed')
      },
    }
  } catch (error) {
    for (const close of closers.toReversed()) await close()
    throw error
  }
}

function secureContext(files: { readonly certificateFile: string; readonly keyFile: string }): tls.SecureContext {
  return tls.createSecureContext({
    cert: readFileSync(files.certificateFile),
    key: readFileSync(files.keyFile),
    minVersion: 'TLSv1.2',
  })
}

function ruleCount({ document: { allow, deny, masks, limits, functions } }: Policy): number {
  return allow.length + deny.length + masks.length + limits.length + functions.length
}
