import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  certificateFault,
  type ConfigLoading,
  directoryFault,
  type Environment,
  listenFaults,
  placed,
  type PlacedFault,
  readConfig,
  withFaults,
} from '@gatehouse/configuration'
import { parsePolicy, unknownMaskingKeys } from '@gatehouse/core'
import type { GatewayConfig } from './gateway-config.ts'
import { gatewaySchema } from './gateway-schema.ts'

const ENGINES = [
  ['postgres', '127.0.0.1:15432'],
  ['mysql', '127.0.0.1:13306'],
] as const

/**
 * Reads the gateway's configuration file as `loadGatewayConfig` does, and looks at what it names: the policy, certificates whose time is over, the directory of the trail;
 * with `listening`, whether its addresses are free, which those of a gateway that runs are not. Whatever is wrong is said at once. Never rejects.
 */
export async function checkGatewayConfig(
  file: string,
  environment: Environment,
  { listening }: { readonly listening: boolean },
): Promise<ConfigLoading<GatewayConfig>> {
  const reading = readConfig(gatewaySchema, file, environment)
  const { values, directory } = reading
  if (values === null) return reading.loading
  const configured = ENGINES.filter(
    ([engine]) =>
      typeof placed(values, ['listeners', engine]) === 'object' && placed(values, ['listeners', engine]) !== null,
  )
  // Without listeners there is that of PostgreSQL.
  const engines = placed(values, ['listeners']) === undefined ? [ENGINES[0]] : configured
  const faults = [
    ...policyFaults(values, directory),
    ...engines.flatMap(([engine]) =>
      certificateFault(values, directory, ['listeners', engine, 'tls', 'certificateFile']),
    ),
    ...certificateFault(values, directory, ['monitoring', 'tls', 'certificateFile']),
    ...directoryFault(values, directory, ['audit', 'directory']),
  ]
  if (listening)
    faults.push(
      ...(await listenFaults(values, [
        ...engines.map(([engine, otherwise]) => [['listeners', engine, 'address'], otherwise] as const),
        [['monitoring', 'address'], null],
      ])),
    )
  return withFaults(reading, faults)
}

/** What is wrong with the policy, each with its place in the policy's file; nothing where the file cannot be read, which the schema says. */
function policyFaults(values: unknown, directory: string): readonly PlacedFault[] {
  const path = ['policyFile']
  const file = placed(values, path)
  if (typeof file !== 'string') return []
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(resolve(directory, file)))
  } catch (error) {
    return error instanceof TypeError ? [{ path, message: `${file} is not UTF-8` }] : []
  }
  const parsed = parsePolicy(text)
  const problems = parsed.ok
    ? unknownMaskingKeys(parsed.policy, idsOf(placed(values, ['maskingKeys'])))
    : parsed.problems
  return problems.map(({ line, column, message, hint }) => ({
    path,
    message: `${file}:${String(line)}:${String(column)}: ${message} ${hint}`.trimEnd(),
  }))
}

function idsOf(keys: unknown): readonly string[] {
  return Array.isArray(keys) ? keys.map((key) => String(placed(key, ['id']))) : []
}
