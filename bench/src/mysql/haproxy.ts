import { freePort } from '@gatehouse/test/servers/local-tools.ts'
import { startHaproxy as start } from '@gatehouse/test/servers/haproxy.ts'
import type { Peer } from '../engine.ts'

/** Starts HAProxy in TCP mode, with one thread, on a free port of 127.0.0.1. Throws `ServerAbsent`. */
export async function startHaproxy(upstreamPort: number): Promise<Peer> {
  const port = await freePort()
  return { port, ...(await start(configuration(port, upstreamPort), [port])) }
}

/** One thread, as the gateway's own. */
function configuration(port: number, upstreamPort: number): string {
  return `global
  nbthread 1
  maxconn 2000
defaults
  mode tcp
  timeout connect 5s
  timeout client 1h
  timeout server 1h
listen mysql
  bind 127.0.0.1:${String(port)}
  server database 127.0.0.1:${String(upstreamPort)}
`
}
