import { type EngineName, encodeLoginRefused } from '@gatehouse/core'
import { parseAddressRange } from '@gatehouse/session-credentials'
import type { ListenerConfig } from './config/index.ts'
import type { EnginePorts } from './engine.ts'

/** Whose connections to a listener begin with a header of the PROXY protocol. */
export function trustedSenders({ proxyProtocol }: Pick<ListenerConfig, 'proxyProtocol'>): (address: string) => boolean {
  const ranges = (proxyProtocol?.trustedSenders ?? []).flatMap((text) => parseAddressRange(text) ?? [])
  return (address) => ranges.some((range) => range.has(address))
}

/** Tells the log and the trail that a connection does not say in a way to be believed whose it is. */
export function originRefused(
  engine: EngineName,
  { log, trail, turn }: Pick<EnginePorts, 'log' | 'trail' | 'turn'>,
): (sender: string, reason: string) => void {
  return (address, reason) => {
    const code = 'PROXY_HEADER'
    log.warn({ engine, address, code, detail: reason }, 'connection refused')
    const unknown = { user: null, target: null, credential: null, certificate: null }
    trail.owe(encodeLoginRefused({ code, reason, address, engine, ...unknown }))
    turn.schedule()
  }
}
