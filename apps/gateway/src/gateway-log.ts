import { openServiceLog, type ServiceLog } from '@gatehouse/monitoring'
import gatewayPackage from '../package.json' with { type: 'json' }
import type { GatewayConfig } from './config/index.ts'
import { collectorOfLog } from './config/log-collector.ts'

/** Opens the log of a gateway, or of a worker or their primary, as configured: `written` (default: standard output) has every line, a collector the same where there is one. */
export function openGatewayLog(
  config: Pick<GatewayConfig, 'gatewayId' | 'log' | 'tracing'>,
  written?: { write(line: string): void },
): Promise<ServiceLog> {
  const { gatewayId, log } = config
  const service = { name: 'gatehouse', instance: gatewayId, version: gatewayPackage.version }
  const options = { level: log.level, base: { gateway: gatewayId }, service, collector: collectorOfLog(config) }
  return openServiceLog(options, written)
}
