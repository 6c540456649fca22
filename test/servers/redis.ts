import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeAuthority } from './certificates.ts'
import { fetchDebianPackages } from './debian-packages.ts'
import { type Found, ServerAbsent } from './found.ts'
import { freePort, loaderIn, serverUser, startGuarded } from './local-tools.ts'
import { KEPT_SERVERS, privateFolder } from './private-folder.ts'

/** A Redis or Valkey server program, with what must stand before its arguments. */
export interface RedisProgram {
  readonly command: string
  readonly leading: readonly string[]
}

export interface RedisServerOptions {
  /** Default: a free one. */
  readonly port?: number
  /** Default: none is asked for. */
  readonly password?: string
  /** TLS alone, with a certificate for localhost and 127.0.0.1 of a new authority. Default: false. */
  readonly tls?: boolean
  /** A cluster of one node that has every slot. Default: false. */
  readonly cluster?: boolean
  /** A Sentinel that watches the server on this port, as a master of this name. Default: a server. */
  readonly sentinelOf?: { readonly name: string; readonly port: number }
}

/** How to reach a server; plain data, so that it can be handed to another process. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
}

export interface RedisServer extends RedisAddress {
  readonly pid: number
  /** The authority's certificate as PEM. */
  readonly tls: { readonly ca: string } | null
  /** Ends the server; what it knew is gone. */
  readonly stop: () => Promise<void>
}

/** Why no server can be started here; null when one can. */
export async function whyNoRedis(): Promise<string | null> {
  const found = await findRedis()
  if (found.kind === 'address') return 'only an address was given'
  return found.kind === 'absent' ? found.reason : null
}

/**
 * Redis: the address in GATEHOUSE_TEST_REDIS (`redis://host:port`), else `redis-server` or `valkey-server` on the path, else the
 * system's Debian packages unpacked into a private folder, else absent.
 */
export async function findRedis(): Promise<Found<RedisProgram>> {
  const url = process.env['GATEHOUSE_TEST_REDIS']
  if (url !== undefined && url !== '') return { kind: 'address', url }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['redis-server', 'valkey-server']) {
      const program = { command: join(folder, name), leading: [] }
      if (existsSync(program.command) && runs(program)) return { kind: 'program', program }
    }
  }
  const fetched = await fetchDebianPackages({
    packages: ['redis-server', 'redis-tools'],
    folder: join(KEPT_SERVERS, 'redis'),
    suite: null,
    // Every library, libc and loader too; not the programs and configuration around them.
    follow: (name) => /^(lib|zlib1g|gcc-\d+-base)/.test(name) && !name.startsWith('libc-bin'),
  })
  if (fetched.kind === 'absent') return { kind: 'absent', reason: `no Redis here: ${fetched.reason}` }
  const { root, libraryPath } = fetched.program
  const loader = loaderIn(root)
  if (loader === null) return { kind: 'absent', reason: 'the unpacked packages hold no loader for this machine' }
  const program = {
    command: loader,
    leading: ['--library-path', libraryPath, join(root, 'usr', 'bin', 'redis-server')],
  }
  return runs(program)
    ? { kind: 'program', program }
    : { kind: 'absent', reason: 'the unpacked Redis does not run here' }
}

/** Starts a private server on 127.0.0.1 that keeps nothing on disk. Throws `ServerAbsent` where there is none. */
export async function startRedis(options: RedisServerOptions): Promise<RedisServer> {
  const found = await findRedis()
  if (found.kind === 'absent') throw new ServerAbsent(found.reason)
  if (found.kind === 'address') {
    if (Object.keys(options).length > 0) throw new ServerAbsent('only an address was given')
    const { hostname, port } = new URL(found.url)
    return { host: hostname, port: Number(port === '' ? 6379 : port), pid: 0, tls: null, stop: () => Promise.resolve() }
  }
  const user = serverUser()
  const folder = privateFolder('redis', user)
  try {
    const port = options.port ?? (await freePort())
    const { sentinelOf } = options
    const settings = ['bind 127.0.0.1', `dir ${folder}`, 'daemonize no']
    if (options.tls === true) settings.push('tls-replication yes', 'tls-cluster yes')
    if (sentinelOf === undefined) settings.push('save ""', 'appendonly no')
    else settings.push(`sentinel monitor ${sentinelOf.name} 127.0.0.1 ${String(sentinelOf.port)} 1`)
    if (options.password !== undefined) settings.push(`requirepass "${options.password}"`)
    if (options.cluster === true)
      settings.push('cluster-enabled yes', 'cluster-announce-ip 127.0.0.1', `cluster-port ${String(await freePort())}`)
    settings.push(...(options.tls === true ? [`port 0`, `tls-port ${String(port)}`] : [`port ${String(port)}`]))
    let ca: string | null = null
    const write = (name: string, text: string): string => {
      const file = join(folder, name)
      writeFileSync(file, text, { mode: 0o600 })
      if (user !== null) chownSync(file, user.uid, user.gid)
      return file
    }
    if (options.tls === true) {
      const authority = makeAuthority('Gatehouse test authority')
      const server = authority.forServer(['localhost', '127.0.0.1'])
      ca = authority.certificate
      settings.push(`tls-cert-file ${write('server.crt', server.certificate)}`)
      settings.push(`tls-key-file ${write('server.key', server.key)}`)
      settings.push(`tls-ca-cert-file ${write('ca.crt', ca)}`, 'tls-auth-clients no')
    }
    const { command, leading } = found.program
    const server = await startGuarded({
      command,
      args: [
        ...leading,
        write('redis.conf', `${settings.join('\n')}\n`),
        ...(sentinelOf === undefined ? [] : ['--sentinel']),
      ],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      user,
      logFile: join(folder, 'log'),
      removeWhenDone: folder,
      signals: { ask: 'TERM', force: 'KILL' },
    })
    const deadline = Date.now() + 10_000
    while ((await reply(port, '')) === null) {
      if (!server.isRunning()) throw new Error(`Redis ended while starting: ${await server.ended}`)
      if (Date.now() > deadline) {
        await server.stop()
        throw new Error(`Redis did not listen within 10 seconds: ${await server.ended}`)
      }
      await sleep(20)
    }
    if (options.cluster === true) {
      await reply(port, 'CLUSTER ADDSLOTSRANGE 0 16383\r\n', ca)
      while (!(await reply(port, 'CLUSTER INFO\r\n', ca))?.includes('cluster_state:ok')) {
        if (Date.now() > deadline) throw new Error('the cluster did not come up within 10 seconds')
        await sleep(50)
      }
    }
    return { host: '127.0.0.1', port, pid: server.pid, tls: ca === null ? null : { ca }, stop: server.stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function runs({ command, leading }: RedisProgram): boolean {
  return spawnSync(command, [...leading, '--version'], { encoding: 'utf8' }).status === 0
}

/** What a server answers to a command line first; empty when none is sent; null when nobody listens. `ca`: over TLS. */
function reply(port: number, line: string, ca: string | null = null): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = ca === null ? connect({ host: '127.0.0.1', port }) : connectTls({ host: '127.0.0.1', port, ca })
    const end = (answer: string | null): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.once(ca === null ? 'connect' : 'secureConnect', () => (line === '' ? end('') : socket.write(line)))
    socket.once('data', (answer) => {
      end(answer.toString())
    })
    socket.once('error', () => {
      end(null)
    })
  })
}
