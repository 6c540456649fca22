import { PostgresReader } from '@gatehouse/sql-analysis'
import type { ListenerConfig } from '../config/index.ts'
import type { Engine, EnginePorts, EngineSettings } from '../engine.ts'
import { catalogRowsOf, CatalogSource, type StoredTexts } from './catalog-source.ts'
import { PostgresEngine, type PostgresTarget } from './engine.ts'

/** An engine for PostgreSQL clients. A target that is down now may be up when somebody asks for it. */
export async function startPostgres(settings: EngineSettings<ListenerConfig>, ports: EnginePorts): Promise<Engine> {
  const { listener, tls } = settings
  const reader = await PostgresReader.create({
    catalogRows: catalogRowsOf,
    limits: { maxStatementBytes: listener.maxStatementBytes },
  })
  const storedTexts: StoredTexts = {
    parse: (sql) => reader.parseQuery(sql),
    parsePlpgsql: (sql) => reader.parsePlpgsql(sql),
  }
  const targets = new Map<string, PostgresTarget>()
  for (const [name, config] of settings.targets) {
    const catalog = new CatalogSource(name, config, storedTexts, ports.turn, ports.log)
    targets.set(name, { config, catalog })
    // Begun now so that the first login finds it.
    catalog
      .ready()
      .catch((error: unknown) =>
        ports.log.warn({ target: name, error: String(error) }, 'the catalog of the target could not be read yet'),
      )
  }
  const engine = new PostgresEngine({ ...ports, listener, tls, targets, reader })
  return {
    serve: (client, deadline) => engine.serve(client, deadline),
    close: async () => {
      for (const { catalog } of targets.values()) catalog.close()
      await reader.close()
    },
  }
}
