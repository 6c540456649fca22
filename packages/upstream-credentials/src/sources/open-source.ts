import * as z from 'zod'
import type { CredentialSource, SourceLog } from '../credential-source.ts'
import { type EnvironmentConfig, environmentSchema, openEnvironment } from './environment.ts'
import { type FileConfig, fileSchema, openFile } from './file.ts'

/** Where the credential of a target comes from, by `source`. */
export type CredentialConfig = EnvironmentConfig | FileConfig

/** The schema of all of them. Relative paths begin at `directory`. */
export function credentialSchema(directory: string): z.ZodType<CredentialConfig> {
  return z.discriminatedUnion('source', [environmentSchema, fileSchema(directory)])
}

/** Opens the source that is configured. Asks for nothing yet. */
export function openSource(config: CredentialConfig, log: SourceLog): CredentialSource {
  switch (config.source) {
    case 'environment':
      return openEnvironment(config)
    case 'file':
      return openFile(config, log)
    default:
      throw config satisfies never
  }
}
