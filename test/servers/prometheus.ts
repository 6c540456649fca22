import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { debianProgram, type Program } from './debian-program.ts'
import { ServerAbsent } from './found.ts'
import { freePort, startGuarded } from './local-tools.ts'
import { privateFolder } from './private-folder.ts'

const run = promisify(execFile)

/** A series of an instant query's answer. */
export interface Series {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

/** A running Prometheus. */
export interface Prometheus {
  /** What an expression says now. Rejects with Prometheus' own words when it cannot be read. */
  readonly query: (expression: string) => Promise<readonly Series[]>
  readonly stop: () => Promise<void>
}

const path = 'usr/bin/prometheus'

/** Why there is no Prometheus here; null when there is one. */
export async function whyNoPrometheus(): Promise<string | null> {
  try {
    await debianProgram('prometheus', path)
    return null
  } catch (error) {
    if (error instanceof ServerAbsent) return error.message
    throw error
  }
}

/** Runs `promtool`, which comes with Prometheus. Rejects with what it says when it ends with another status than 0. */
export async function promtool(args: readonly string[], cwd: string): Promise<string> {
  const { command, args: leading } = beside(await debianProgram('prometheus', path), 'promtool')
  const { stdout } = await run(command, [...leading, ...args], { cwd })
  return stdout
}

function beside({ command, leading, root }: Program, name: string): { command: string; args: readonly string[] } {
  if (root === null) return { command: join(dirname(command), name), args: [] }
  return { command, args: [...leading.slice(0, -1), join(root, 'usr/bin', name)] }
}

/** Starts one that scrapes these `host:port` every second, by job. Throws `ServerAbsent`. */
export async function startPrometheus(jobs: Readonly<Record<string, string>>): Promise<Prometheus> {
  const { command, leading } = await debianProgram('prometheus', path)
  const folder = privateFolder('prometheus', null)
  const port = await freePort()
  const file = join(folder, 'prometheus.yml')
  const scrapes = Object.entries(jobs).map(
    ([job, address]) => `  - { job_name: ${job}, static_configs: [{ targets: ['${address}'] }] }`,
  )
  writeFileSync(file, `global: { scrape_interval: 1s }\nscrape_configs:\n${scrapes.join('\n')}\n`)
  mkdirSync(join(folder, 'data'))
  const server = await startGuarded({
    command,
    args: [
      ...leading,
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
      '--log.level=warn',
    ],
    env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
    user: null,
    logFile: join(folder, 'log'),
    removeWhenDone: folder,
    signals: { ask: 'TERM', force: 'KILL' },
  })
  const url = `http://127.0.0.1:${String(port)}`
  const deadline = Date.now() + 30_000
  while (!(await ready(url))) {
    if (server.isRunning() && Date.now() < deadline) {
      await sleep(50)
      continue
    }
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
    throw new Error(`Prometheus did not get ready within 30 seconds: ${await server.ended}`)
  }
  return { query: (expression) => ask(url, expression), stop: server.stop }
}

async function ready(url: string): Promise<boolean> {
  return fetch(`${url}/-/ready`).then(
    ({ ok }) => ok,
    () => false,
  )
}

async function ask(url: string, expression: string): Promise<readonly Series[]> {
  const answer = await fetch(`${url}/api/v1/query`, {
    method: 'POST',
    body: new URLSearchParams({ query: expression }),
  })
  const body = (await answer.json()) as { status: string; error?: string; data?: { result: readonly Series[] } }
  if (body.status !== 'success' || body.data === undefined)
    throw new Error(`Prometheus does not take ${expression}: ${body.error ?? String(answer.status)}`)
  return body.data.result
}
