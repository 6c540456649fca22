import { readFileSync, writeFileSync } from 'node:fs'
import type { EngineName, KnownObjects, StatementFacts } from '@gatehouse/core'
import { loadGatewayConfig, readCatalogRows, openTarget, readMysqlTarget } from '@gatehouse/gateway'
import { SOURCE_LOG } from './source-log.ts'
import { CommandFailed, ExitStatus } from './exit-status.ts'
import { isMysqlDocument, MysqlCatalogFile, type MysqlDocument } from './mysql-catalog-file.ts'
import { isPostgresDocument, PostgresCatalogFile, type PostgresDocument } from './postgres-catalog-file.ts'

/** What exists on a target, written down: policies can be tested against it without a database. */
export interface CatalogFile {
  readonly engine: EngineName
  /** What patterns of a policy can match. */
  readonly objects: KnownObjects
  /** The facts of every statement of a text. Throws an Error when it cannot be parsed. */
  read(sql: string): readonly StatementFacts[]
}

/** Throws `CommandFailed` when the file is not a catalog. */
export async function readCatalogFile(file: string): Promise<CatalogFile> {
  try {
    const document: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isMysqlDocument(document)) return new MysqlCatalogFile(document)
    if (isPostgresDocument(document)) return await PostgresCatalogFile.create(document)
    throw new Error('it is not a catalog file')
  } catch (error) {
    throw new CommandFailed(
      `${file} cannot be used: ${error instanceof Error ? error.message : String(error)}. Make it with \`gatehouse policy catalog\`.`,
      ExitStatus.Usage,
    )
  }
}

/** Reads a target's catalog over the gateway's own configuration and writes it down. */
export async function writeCatalogFile(configFile: string, target: string, output: string): Promise<void> {
  const loading = loadGatewayConfig(configFile, process.env)
  if (loading.kind === 'problems')
    throw new CommandFailed(
      `${configFile} is not a valid configuration; \`gatehouse gateway --config ${configFile} --print-config\` says why`,
    )
  const config = loading.config.targets.get(target)
  if (config === undefined)
    throw new CommandFailed(
      `${configFile} has no target ${target}; it has ${[...loading.config.targets.keys()].join(', ')}`,
      ExitStatus.Usage,
    )
  const opened = openTarget(target, config, SOURCE_LOG)
  try {
    const document: PostgresDocument | MysqlDocument =
      config.engine === 'mysql'
        ? { format: 1, engine: 'mysql', schema: config.database, ...(await readMysqlTarget(target, opened)) }
        : { format: 1, ...(await readCatalogRows(target, opened)) }
    writeFileSync(output, `${JSON.stringify(document)}\n`)
  } finally {
    await opened.credentials.close()
  }
}
