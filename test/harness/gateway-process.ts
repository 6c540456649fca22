import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { createSigningKey, LoopbackIssuer } from '@gatehouse/identity/testing'
import { stringify } from 'yaml'
import type { TestGatewayOptions } from './start-gateway.ts'

/** What a gateway process says of itself, in bytes; `rss` is all the system gave it. */
export interface GatewayMemory {
  readonly rss: number
  readonly heapUsed: number
  readonly external: number
  readonly arrayBuffers: number
  readonly sessions: number
}

/** A gateway in a process of its own: for what is measured, and for what may kill it. */
export interface GatewayProcess {
  readonly host: string
  readonly port: number
  readonly pid: number
  readonly policyFile: string
  readonly trailDirectory: string
  /** The operational log so far. */
  readonly log: () => string
  readonly alive: () => boolean
  readonly token: (claims?: Readonly<Record<string, unknown>>) => Promise<string>
  readonly memory: () => Promise<GatewayMemory>
  /** Collects the garbage and writes a snapshot of the heap. */
  readonly heapSnapshot: (file: string) => Promise<void>
  /** Kills it, as a crash or the system would. The trail stays. */
  readonly kill: () => Promise<void>
  /** Starts it again after `kill`, on the same trail, on a new port. */
  readonly restart: () => Promise<GatewayProcess>
  /** Ends it properly where it still runs, and removes its folder. */
  readonly close: () => Promise<void>
}

/** Starts a gateway as a process of its own, with an issuer of its own in this process. Close it in the end. */
export async function startGatewayProcess(options: TestGatewayOptions): Promise<GatewayProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-process-'))
  const issuer = await LoopbackIssuer.start([await createSigningKey('test', 'ES256')])
  const environment: NodeJS.ProcessEnv = {
    MASKING_KEY: 'a masking key for tests, 32 characters',
    ...options.environment,
  }
  const targets = Object.fromEntries(
    Object.entries(options.targets).map(([name, target], index) => {
      const set = { engine: 'postgres', tls: { mode: 'disable' }, ...target }
      if (!('password' in target)) return [name, set]
      environment[`PASSWORD_${String(index)}`] = target.password
      return [name, { ...set, password: `\${PASSWORD_${String(index)}}` }]
    }),
  )
  const mysql = Object.values(options.targets).every(({ engine }) => engine === 'mysql')
  const listener = { address: '127.0.0.1:0', allowClearTextPasswordOnLoopback: true, ...options.listener }
  const trailDirectory = join(folder, 'trail')
  const policyFile = join(folder, 'policy.yaml')
  const configFile = join(folder, 'gateway.yaml')
  writeFileSync(policyFile, options.policy)
  const config = {
    gatewayId: 'test-gateway',
    listeners: mysql ? { mysql: listener } : { postgres: listener },
    issuers: [{ issuer: issuer.url, audience: 'gatehouse', allowHttp: true }],
    targets,
    policyFile,
    // oxlint-disable-next-line no-template-curly-in-string
    maskingKey: '${MASKING_KEY}',
    audit: { directory: trailDirectory, ...options.audit },
    ...(options.approvals === undefined ? {} : { approvals: options.approvals }),
    ...options.shared,
    log: { level: 'info' },
  }
  writeFileSync(configFile, stringify(config, { aliasDuplicateObjects: false }))

  const launch = async (): Promise<GatewayProcess> => {
    const child = new GatewayChild(configFile, environment)
    const { port } = (await child.answer()) as { readonly port: number }
    return {
      host: '127.0.0.1',
      port,
      pid: child.pid,
      policyFile,
      trailDirectory: config.audit.directory,
      log: () => child.log,
      alive: () => child.alive,
      token: (claims = {}) => issuer.token(claims),
      memory: async () => (await child.ask('memory')) as GatewayMemory,
      heapSnapshot: async (file) => {
        await child.ask(`heap ${file}`)
      },
      kill: () => child.kill(),
      restart: launch,
      close: async () => {
        await child.end()
        await issuer.close().catch(() => undefined)
        rmSync(folder, { recursive: true, force: true })
      },
    }
  }
  try {
    return await launch()
  } catch (error) {
    await issuer.close()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

class GatewayChild {
  log = ''
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #ended: Promise<unknown>
  readonly #answers: unknown[] = []
  #wake: () => void = () => undefined

  constructor(configFile: string, environment: NodeJS.ProcessEnv) {
    const script = join(import.meta.dirname, 'gateway-child.ts')
    this.#child = spawn(process.execPath, ['--expose-gc', script, configFile], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE, ...environment },
    })
    this.#ended = once(this.#child, 'exit').then(() => this.#wake())
    this.#child.stdin.on('error', () => undefined)
    this.#child.stderr.setEncoding('utf8').on('data', (text: string) => (this.log += text))
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#answers.push(JSON.parse(line))
      this.#wake()
    })
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  ask(line: string): Promise<unknown> {
    this.#child.stdin.write(`${line}\n`)
    return this.answer()
  }

  /** The next line it prints, as JSON. Throws with its log when it ended, or says nothing for a minute: a snapshot of its heap takes a while. */
  async answer(): Promise<unknown> {
    const deadline = performance.now() + 60_000
    while (this.#answers.length === 0) {
      if (!this.alive || performance.now() > deadline) throw new Error(`the gateway does not answer:\n${this.log}`)
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      const timer = setTimeout(resolve, 60_000)
      await promise
      clearTimeout(timer)
    }
    return this.#answers.shift()
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  async end(): Promise<void> {
    this.#child.stdin.end()
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000)
    await this.#ended
    clearTimeout(timer)
  }
}
