import { type ConfigLoading, type Environment, loadConfig, parseConfig } from '@gatehouse/configuration'
import type { GatewayConfig } from './gateway-config.ts'
import { gatewaySchema } from './gateway-schema.ts'

/** Reads the gateway's configuration file, with `environment` for its `${NAME}` references. Never throws. */
export function loadGatewayConfig(file: string, environment: Environment): ConfigLoading<GatewayConfig> {
  return loadConfig(gatewaySchema, file, environment)
}

/** The same for a text; relative paths in it begin at `directory`. */
export function parseGatewayConfig(
  text: string,
  directory: string,
  environment: Environment,
): ConfigLoading<GatewayConfig> {
  return parseConfig(gatewaySchema, text, directory, environment)
}
