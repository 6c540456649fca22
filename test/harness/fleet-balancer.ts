import { startHaproxy } from '../servers/haproxy.ts'
import { freePort } from '../servers/local-tools.ts'
import type { Installation } from './installation.ts'

/** From where the balancer connects: gateways trust it alone. */
export const BALANCER_ADDRESS = '127.0.0.9'

/** HAProxy in front of any number of gateways, which it tells by the PROXY protocol whose connections it makes. */
export interface FleetBalancer {
  /** Ports of 127.0.0.1. */
  readonly ports: { readonly postgres: number; readonly mysql: number }
  readonly stop: () => Promise<void>
}

/** Starts it. Throws `ServerAbsent`. */
export async function startFleetBalancer({ gateways }: Pick<Installation, 'gateways'>): Promise<FleetBalancer> {
  const ports = { postgres: await freePort(), mysql: await freePort() }
  const lines = [
    'defaults',
    '  mode tcp',
    '  timeout connect 5s',
    '  timeout client 2h',
    '  timeout server 2h',
    '  timeout check 2s',
    '  option redispatch 1',
    '  retries 3',
    '  balance roundrobin',
    '  default-server check inter 200ms fall 1 rise 1 send-proxy-v2',
  ]
  for (const engine of ['postgres', 'mysql'] as const) {
    lines.push(`listen ${engine}`, `  bind 127.0.0.1:${String(ports[engine])}`)
    for (const [at, gateway] of gateways.entries())
      lines.push(
        `  server gateway-${String(at + 1)} 127.0.0.1:${String(gateway.ports[engine])} source ${BALANCER_ADDRESS}`,
      )
  }
  const { stop } = await startHaproxy(`${lines.join('\n')}\n`, Object.values(ports))
  return { ports, stop }
}
