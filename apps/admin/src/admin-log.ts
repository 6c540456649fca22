import { openServiceLog, type ServiceLog } from '@gatehouse/monitoring'
import adminPackage from '../package.json' with { type: 'json' }
import type { AdminConfig } from './config/admin-config.ts'

/** Opens the log of an admin service as configured: `written` (default: standard output) has every line, a collector the same where there is one. */
export function openAdminLog(
  { serviceId, log }: Pick<AdminConfig, 'serviceId' | 'log'>,
  written?: { write(line: string): void },
): Promise<ServiceLog> {
  const service = { name: 'gatehouse-admin', instance: serviceId, version: adminPackage.version }
  const options = { level: log.level, base: { service: serviceId }, service, collector: log.collector }
  return openServiceLog(options, written)
}
