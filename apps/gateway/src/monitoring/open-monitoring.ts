import { ReloadedTls } from '@gatehouse/certificates'
import { addressText, type ListenAddress } from '@gatehouse/configuration'
import {
  measureProcess,
  type MonitoringConfig,
  MonitoringListener,
  type Readiness,
  type ScrapedMetrics,
} from '@gatehouse/monitoring'
import type { Logger } from 'pino'
import gatewayPackage from '../../package.json' with { type: 'json' }

/** A listener for whoever watches the gateway. */
export interface Monitoring {
  readonly address: ListenAddress
  /** Its TLS; null: plain HTTP. */
  readonly tls: ReloadedTls | null
  close(): Promise<void>
}

/** Opens it, and adds to `metrics` those of this process. Null: nobody watches. Rejects when the address cannot be listened on. */
export async function openMonitoring(
  config: MonitoringConfig | null,
  metrics: ScrapedMetrics,
  readiness: () => Readiness,
  log: Logger,
): Promise<Monitoring | null> {
  if (config === null) return null
  const stopMeasuring = measureProcess(metrics, 'gateway', gatewayPackage.version)
  const files = { authoritiesFile: null, crlFile: null }
  const tls =
    config.tls === null ? null : new ReloadedTls('monitoring.tls', { ...config.tls, ...files }, log, () => Date.now())
  const close = (): void => {
    stopMeasuring()
    tls?.close()
  }
  try {
    const text = (): Promise<string> => metrics.registry.metrics()
    const listener = await MonitoringListener.open({ address: config.address, tls, metrics: text, readiness })
    const { address } = listener
    log.info({ address: addressText(address), tls: tls !== null }, 'the gateway is watched here')
    return {
      address,
      tls,
      close: async () => {
        await listener.close()
        close()
      },
    }
  } catch (error) {
    close()
    throw error
  }
}
