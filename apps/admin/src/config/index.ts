import {
  addressText,
  type ConfigLoading,
  describeValues,
  type Environment,
  loadConfig,
  parseConfig,
} from '@gatehouse/configuration'
import type { AdminConfig } from './admin-config.ts'
import { adminSchema } from './admin-schema.ts'

export { checkAdminConfig } from './check-config.ts'
export { adminJsonSchema } from './published-schema.ts'

/** Reads the admin service's configuration file, with `environment` for its `${NAME}` references. Never throws. */
export function loadAdminConfig(file: string, environment: Environment): ConfigLoading<AdminConfig> {
  return loadConfig(adminSchema, file, environment)
}

/** The same for a text; relative paths in it begin at `directory`. */
export function parseAdminConfig(
  text: string,
  directory: string,
  environment: Environment,
): ConfigLoading<AdminConfig> {
  return parseConfig(adminSchema, text, directory, environment)
}

/** The resolved configuration as YAML, in the file's own form, with `[secret]` for every secret. */
export function describeAdminConfig(config: AdminConfig): string {
  return describeValues({ ...config, address: addressText(config.address) })
}
