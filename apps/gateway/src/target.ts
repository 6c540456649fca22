import { type CredentialSource, openReference, openSource, type SourceLog } from '@gatehouse/upstream-credentials'
import type { TargetConfig } from './config/index.ts'

/** A target as the gateway works with it: as it is configured, with the source of its credential open. */
export interface Target extends TargetConfig {
  readonly credentials: CredentialSource
}

/** Opens the source of a target's credential, which asks for nothing yet. To be closed: `credentials.close()`. */
export function openTarget(config: TargetConfig, log: SourceLog): Target {
  const { credential, password } = config
  return { ...config, credentials: credential === null ? openReference(password) : openSource(credential, log) }
}
