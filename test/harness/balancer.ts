import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startHaproxy } from '../servers/haproxy.ts'
import { freePort } from '../servers/local-tools.ts'
import type { Installation } from './installation.ts'

/** HAProxy in front of an installation, as docs/coordination.md has it. */
export interface Balancer {
  /** Ports of 127.0.0.1: to whichever gateway has fewer connections, and to the admin services in turn. */
  readonly ports: { readonly postgres: number; readonly mysql: number; readonly admin: number }
  /** To this gateway alone, by its place from 0. */
  readonly only: (gateway: 0 | 1) => { readonly postgres: number; readonly mysql: number }
  readonly stop: () => Promise<void>
}

/** Starts it for two gateways, with both protocols, and two admin services. Throws `ServerAbsent`. */
export async function startBalancer({ gateways, admins }: Installation): Promise<Balancer> {
  const documented = readFileSync(join(import.meta.dirname, '../../docs/coordination.md'), 'utf8')
  let text = /```haproxy\n(.*?)```/s.exec(documented)?.[1] ?? ''
  const place = (port: number | undefined): string => `127.0.0.1:${String(port)}`
  const ports = { postgres: await freePort(), mysql: await freePort(), admin: await freePort() }
  text = text.replace(':15432\n', `${place(ports.postgres)}\n`).replace(':13306\n', `${place(ports.mysql)}\n`)
  text = text.replace(':18443\n', `${place(ports.admin)}\n`)
  const only: { postgres: number; mysql: number }[] = []
  for (const [at, { ports: own }] of gateways.entries()) {
    const name = `gateway-${String(at + 1)}`
    text = text.replace(`${name}.internal:15432`, place(own['postgres']))
    text = text.replace(`${name}.internal:13306`, place(own['mysql']))
    const through = { postgres: await freePort(), mysql: await freePort() }
    for (const engine of ['postgres', 'mysql'] as const)
      text += `\nlisten ${engine}-${name}\n  bind ${place(through[engine])}\n  server ${name} ${place(own[engine])}\n`
    only.push(through)
  }
  for (const [at, { ports: own }] of admins.entries())
    text = text.replace(`admin-${String(at + 1)}.internal:18443`, place(own['http']))
  const listening = [...Object.values(ports), ...only.flatMap((through) => Object.values(through))]
  const { stop } = await startHaproxy(text, listening)
  return {
    ports,
    only: (gateway) => {
      const through = only[gateway]
      if (through === undefined) throw new Error(`there is no gateway ${String(gateway)}`)
      return through
    },
    stop,
  }
}
