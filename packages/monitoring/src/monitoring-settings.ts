import { type ListenAddress, listenAddress, listenerTls, type ListenerTlsConfig } from '@gatehouse/configuration'
import * as z from 'zod'

/** Where whoever watches a service asks. */
export interface MonitoringConfig {
  readonly address: ListenAddress
  /** Null: plain HTTP. */
  readonly tls: ListenerTlsConfig | null
}

/** The settings of a monitoring listener; null by default: there is none. Relative paths begin at `directory`. */
export function monitoringSettings(directory: string): z.ZodType<MonitoringConfig | null> {
  return z
    .strictObject({
      address: listenAddress()
        .prefault('127.0.0.1:19464')
        .describe('Host and port to listen on. Port 0: the system chooses.'),
      tls: listenerTls(directory)
        .nullable()
        .default(null)
        .describe(
          'The certificate of the listener. Null: plain HTTP, as is usual within a cluster; nothing secret is served.',
        ),
    })
    .nullable()
    .default(null)
    .describe(
      'Where `/metrics`, `/healthz` and `/readyz` are served, to whoever can reach it. Null: nowhere. `{}`: as the defaults say.',
    )
}
