import {
  certificateFault,
  type ConfigLoading,
  directoryFault,
  type Environment,
  listenFaults,
  readConfig,
  withFaults,
} from '@gatehouse/configuration'
import type { AdminConfig } from './admin-config.ts'
import { adminSchema } from './admin-schema.ts'

/**
 * Reads the admin service's configuration file as `loadAdminConfig` does, and looks at what it names: its certificate's time, the directory of its trail; with
 * `listening`, whether its address is free, which that of a service that runs is not. Whatever is wrong is said at once. Never rejects.
 */
export async function checkAdminConfig(
  file: string,
  environment: Environment,
  { listening }: { readonly listening: boolean },
): Promise<ConfigLoading<AdminConfig>> {
  const reading = readConfig(adminSchema, file, environment)
  const { values, directory } = reading
  if (values === null) return reading.loading
  return withFaults(reading, [
    ...certificateFault(values, directory, ['tls', 'certificateFile']),
    ...directoryFault(values, directory, ['audit', 'directory']),
    ...(listening ? await listenFaults(values, [[['address'], '127.0.0.1:18443']]) : []),
  ])
}
