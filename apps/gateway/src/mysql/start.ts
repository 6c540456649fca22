import { dialectOf, MysqlReader, mysqlStoredTexts, quotedStatements } from '@gatehouse/sql-analysis'
import type { MysqlListenerConfig } from '../config/index.ts'
import type { Engine, EnginePorts, EngineSettings } from '../engine.ts'
import { catalogRowsOf, CatalogSource, type TextReading } from './catalog-source.ts'
import { MysqlEngine, type MysqlTarget } from './engine.ts'

/** An engine for clients of MySQL and MariaDB. A target that is down now may be up when somebody asks for it. */
export async function startMysql(settings: EngineSettings<MysqlListenerConfig>, ports: EnginePorts): Promise<Engine> {
  const { listener, tls } = settings
  const reader = new MysqlReader({ catalogRows: catalogRowsOf, maxStatementBytes: listener.maxStatementBytes })
  const targets = new Map<string, MysqlTarget>()
  for (const [name, config] of settings.targets) {
    const catalog = new CatalogSource(name, config, TEXTS, ports.turn, ports.log)
    targets.set(name, { config, catalog })
    // Begun now so that the first login finds it.
    catalog
      .ready()
      .catch((error: unknown) =>
        ports.log.warn({ target: name, error: String(error) }, 'the catalog of the target could not be read yet'),
      )
  }
  const engine = new MysqlEngine({ ...ports, listener, tls, targets, reader })
  return {
    serve: (client, deadline) => engine.serve(client, deadline),
    close: async () => {
      for (const { catalog } of targets.values()) catalog.close()
      await reader.close()
    },
  }
}

const TEXTS: TextReading = {
  stored: (version) => mysqlStoredTexts((sqlMode) => dialectOf(version, sqlMode)),
  quoted: (dialect) => (text) => quotedStatements(text, dialect),
}
