import { addressText, describeValues } from '@gatehouse/configuration'
import type { GatewayConfig, ListenerConfig } from './gateway-config.ts'

/** The resolved configuration as YAML, in the file's own form, with `[secret]` for every secret. */
export function describeConfig(config: GatewayConfig): string {
  const { postgres, mysql } = config.listeners
  const shown = {
    ...config,
    listeners: { postgres: withAddressText(postgres), mysql: withAddressText(mysql) },
    targets: Object.fromEntries(config.targets),
  }
  return describeValues(shown)
}

/** The choices in the configuration that are weaker than they could be, each as a sentence for the log at start. */
export function weakerChoices(config: GatewayConfig): readonly string[] {
  const found: string[] = []
  for (const [engine, listener] of Object.entries(config.listeners)) {
    for (const range of listener?.proxyProtocol?.trustedSenders ?? []) {
      if (range.endsWith('/0'))
        found.push(`listeners.${engine}.proxyProtocol.trustedSenders: ${range} lets anybody say any client address`)
    }
    if (listener?.allowClearTextPasswordOnLoopback !== true) continue
    found.push(
      `listeners.${engine}.allowClearTextPasswordOnLoopback: tokens may cross the loopback interface unencrypted`,
    )
  }
  for (const { issuer, allowHttp } of config.issuers) {
    if (allowHttp) found.push(`issuers.allowHttp: the keys of ${issuer} may be fetched without TLS`)
  }
  for (const [name, { tls }] of config.targets) {
    switch (tls.mode) {
      case 'verify-full':
      case 'pinned':
        break
      case 'verify-ca':
        found.push(`targets.${name}.tls.mode: the host name in the upstream's certificate is not verified`)
        break
      case 'require-unverified':
        found.push(`targets.${name}.tls.mode: the upstream is not verified, and may be anybody`)
        break
      case 'disable':
      case 'clear-text-over-network':
        found.push(`targets.${name}.tls.mode: statements, results and the password travel unencrypted to the upstream`)
        break
    }
  }
  return found
}

function withAddressText(listener: ListenerConfig | null): unknown {
  return listener === null ? null : { ...listener, address: addressText(listener.address) }
}
