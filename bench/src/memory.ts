import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { makeAuthority } from '@gatehouse/test/servers/certificates.ts'
import type { Address, CountingClient } from './engine.ts'
import { type GatewayProcess, startGatewayProcess, TARGET } from './gateway-setup.ts'
import type { Options } from './options.ts'
import { portOf, startOwn } from './own-process.ts'
import type { Scene } from './scene.ts'

/** What idle sessions weigh in the gateway. */
export interface MemoryCase {
  readonly sessions: number
  readonly tls: boolean
  readonly upstream: string
  /** KiB a session, of resident memory: as it stood a moment after the last login, and after a full collection. */
  readonly residentKib: number
  readonly collectedKib: number
  /** Of the latter, in objects, and in buffers outside the heap. */
  readonly heapKib: number
  readonly buffersKib: number
  /** What Node's own sockets of as many sessions weigh, with nothing behind them; null: without TLS, next to nothing. */
  readonly socketsKib: number | null
  readonly loginsPerSecond: number
}

interface Memory {
  readonly rss: number
  readonly heapUsed: number
  readonly arrayBuffers: number
}

/** Sessions that are there before the first weighing. */
const WARM_UP = 50
/** Logins under way at once. */
const PARALLEL = 16
/** File descriptors a process needs beside those of its sessions. */
const SPARE_DESCRIPTORS = 100

/** Opens sessions that do nothing, and weighs the gateway before and after. Each case has a gateway of its own. */
export async function measureMemory(
  scene: Scene,
  options: Options,
  tell: (text: string) => void,
): Promise<MemoryCase[]> {
  const cases: MemoryCase[] = []
  const step = async (sessions: number, tls: boolean, standIn: boolean): Promise<void> => {
    const measured = await measure(scene, `memory-${String(cases.length)}`, sessions, tls, standIn)
    cases.push(measured)
    tell(
      `${String(measured.sessions)} idle sessions${tls ? ' with TLS' : ''}: ${measured.collectedKib.toFixed(1)} KiB each`,
    )
  }
  await step(options.quick ? 300 : 1000, false, false)
  await step(options.quick ? 300 : 1000, true, false)
  await step(options.quick ? 2000 : 10_000, false, true)
  return cases
}

async function measure(
  scene: Scene,
  name: string,
  wanted: number,
  tls: boolean,
  standIn: boolean,
): Promise<MemoryCase> {
  const folder = join(scene.folder, name)
  const sessions = Math.min(wanted, Math.floor((descriptorLimit() - SPARE_DESCRIPTORS) / 2))
  const stand = standIn
    ? await startOwn(scene.engine.standIn, [String(scene.database.port)], { logFile: `${folder}.log` })
    : null
  let gateway: GatewayProcess | null = null
  const clients: CountingClient[] = []
  try {
    const certificate = tls ? writeCertificate(scene.folder) : null
    gateway = await startGatewayProcess({
      engine: scene.engine,
      folder,
      issuer: scene.issuer.url,
      upstream: {
        port: stand === null ? scene.database.port : portOf(stand.ready),
        ...scene.database.login,
        caFile: tls ? scene.database.caFile : null,
      },
      listenerTls: certificate,
      nodeArgs: ['--expose-gc'],
    })
    const address: Address = {
      port: gateway.port,
      user: 'copilot',
      database: TARGET,
      password: scene.token,
      ...(certificate === null ? {} : { ca: certificate.ca }),
    }
    // What the first sessions bring with them (the catalog, compiled code, the token's verdict) is not a session's.
    await openAll(scene, clients, address, WARM_UP)
    const before = memoryOf(await gateway.ask('memory'))
    const begun = performance.now()
    await openAll(scene, clients, address, sessions)
    const seconds = (performance.now() - begun) / 1000
    await sleep(1000)
    const resident = residentBytes(gateway.pid)
    const after = memoryOf(await gateway.ask('memory'))
    const added = clients.length - WARM_UP
    const kib = (bytes: number): number => bytes / 1024 / added
    return {
      sessions,
      tls,
      upstream: standIn ? 'a stand-in that only lets sessions in' : scene.engine.databaseName,
      residentKib: kib(resident - before.rss),
      collectedKib: kib(after.rss - before.rss),
      heapKib: kib(after.heapUsed - before.heapUsed),
      buffersKib: kib(after.arrayBuffers - before.arrayBuffers),
      socketsKib: certificate === null ? null : await measureSockets(scene.folder, certificate, added),
      loginsPerSecond: added / seconds,
    }
  } catch (error) {
    throw new Error(`${name}: the gateway's log ends with\n${logEnd(folder)}`, { cause: error })
  } finally {
    for (const client of clients) client.close()
    await gateway?.stop()
    await stand?.stop()
  }
}

/** KiB that a pair of Node's TLS sockets weighs, one of a server and one of a client. */
async function measureSockets(
  folder: string,
  { certificateFile, keyFile }: { readonly certificateFile: string; readonly keyFile: string },
  pairs: number,
): Promise<number> {
  const options = { nodeArgs: ['--expose-gc'], logFile: join(folder, 'tls-pairs.log') }
  const own = await startOwn('tls-pairs.ts', [certificateFile, keyFile], options)
  try {
    const [before, after] = [await own.ask(String(WARM_UP)), await own.ask(String(pairs))] as { readonly rss: number }[]
    return ((after?.rss ?? Number.NaN) - (before?.rss ?? Number.NaN)) / 1024 / pairs
  } finally {
    await own.stop()
  }
}

/** The last things the gateway said: why it ended, or refused a session. */
function logEnd(folder: string): string {
  const file = join(folder, 'gateway.log')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n').slice(-12).join('\n') : 'nothing'
}

async function openAll(
  { engine }: Scene,
  clients: CountingClient[],
  address: Address,
  sessions: number,
): Promise<void> {
  let wanted = sessions - clients.length
  const open = async (): Promise<void> => {
    while (wanted-- > 0) clients.push(await engine.connect(address))
  }
  await Promise.all(Array.from({ length: PARALLEL }, open))
}

function writeCertificate(folder: string): { certificateFile: string; keyFile: string; ca: string } {
  const authority = makeAuthority('Gatehouse bench authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const certificateFile = join(folder, 'listener.crt')
  const keyFile = join(folder, 'listener.key')
  writeFileSync(certificateFile, certificate)
  writeFileSync(keyFile, key, { mode: 0o600 })
  return { certificateFile, keyFile, ca: authority.certificate }
}

function memoryOf(answer: unknown): Memory {
  const { rss, heapUsed, arrayBuffers, collected } = answer as Memory & { readonly collected: boolean }
  if (!collected) throw new Error('the gateway could not collect its garbage')
  return { rss, heapUsed, arrayBuffers }
}

/** VmRSS of /proc/<pid>/status (proc(5)), in bytes. */
function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'utf8'))?.[1]) * 1024
}

function descriptorLimit(): number {
  const limit = execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  return limit === 'unlimited' ? Infinity : Number(limit)
}
