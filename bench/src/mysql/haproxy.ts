import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort, startGuarded } from '@gatehouse/test/servers/local-tools.ts'
import { privateFolder } from '@gatehouse/test/servers/private-folder.ts'
import type { Peer } from '../engine.ts'
import { debianProgram } from './debian-program.ts'

/** Starts HAProxy in TCP mode, with one thread, on a free port of 127.0.0.1. Throws `ServerAbsent`. */
export async function startHaproxy(upstreamPort: number): Promise<Peer> {
  const { command, leading } = await debianProgram('haproxy', 'usr/sbin/haproxy')
  const version = /version (\d[\d.]*)/.exec(execFileSync(command, [...leading, '-v'], { encoding: 'utf8' }))?.[1] ?? '?'
  const folder = privateFolder('haproxy', null)
  try {
    const port = await freePort()
    const file = join(folder, 'haproxy.cfg')
    writeFileSync(file, configuration(port, upstreamPort))
    const server = await startGuarded({
      command,
      args: [...leading, '-db', '-f', file],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      user: null,
      logFile: join(folder, 'log'),
      removeWhenDone: folder,
      signals: { ask: 'TERM', force: 'KILL' },
    })
    const deadline = Date.now() + 10_000
    while (!(await listens(port))) {
      if (!server.isRunning()) throw new Error(`HAProxy ended while starting: ${await server.ended}`)
      if (Date.now() > deadline) {
        await server.stop()
        throw new Error(`HAProxy did not listen within 10 seconds: ${await server.ended}`)
      }
      await sleep(20)
    }
    return { port, pid: server.pid, version, stop: server.stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
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

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
