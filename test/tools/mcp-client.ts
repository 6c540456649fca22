import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import type { Had } from '../servers/found.ts'
import { KEPT_DRIVERS } from '../drivers/kept-drivers.ts'

/** The MCP server that `gatehouse snippet` names, with the drivers that it takes. */
const DBHUB = ['@bytebase/dbhub@1.4.0', 'pg@8.23.1', 'mysql2@3.24.6'] as const

/** DBHub's program, from npm in a private folder that is kept; else why there is none. */
export async function findDbhub(): Promise<Had<string>> {
  const folder = join(KEPT_DRIVERS, 'dbhub-1.4.0')
  const program = join(folder, 'node_modules', '@bytebase', 'dbhub', 'dist', 'index.js')
  if (existsSync(program)) return { kind: 'program', program }
  const beside = `${folder}.${String(process.pid)}`
  try {
    mkdirSync(beside, { recursive: true })
    writeFileSync(join(beside, 'package.json'), '{ "private": true }')
    const options = ['--no-audit', '--no-fund', '--ignore-scripts', '--omit=optional']
    await promisify(execFile)('npm', ['install', ...options, ...DBHUB], { cwd: beside, timeout: 120_000 })
    if (!existsSync(folder)) renameSync(beside, folder)
    return { kind: 'program', program }
  } catch (error) {
    const reason = (error instanceof Error ? error.message : String(error)).trim().split('\n').at(-1) ?? ''
    return { kind: 'absent', reason: `npm gave no DBHub (${reason})` }
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

/** What a tool of the server answered. */
export interface ToolAnswer {
  readonly isError: boolean
  readonly text: string
}

/** An agent's side of the Model Context Protocol, over standard input and output: one JSON text a line. */
export class McpClient {
  readonly #server: ChildProcess
  readonly #waiting = new Map<number, (answer: Record<string, unknown>) => void>()
  #last = 0
  #said = ''

  private constructor(server: ChildProcess) {
    this.#server = server
    server.stderr?.on('data', (chunk: Buffer) => (this.#said = (this.#said + chunk.toString()).slice(-4000)))
    if (server.stdout === null) throw new Error('the server has no output')
    createInterface(server.stdout).on('line', (line) => {
      const message = JSON.parse(line) as Record<string, unknown>
      const id = Number(message['id'])
      this.#waiting.get(id)?.(message)
      this.#waiting.delete(id)
    })
    server.once('exit', () => {
      for (const answer of this.#waiting.values()) answer({ error: `the server has ended: ${this.#said}` })
      this.#waiting.clear()
    })
  }

  /** Starts the server with these variables beside its path, and greets it. */
  static async start(program: string, environment: Readonly<Record<string, string>>): Promise<McpClient> {
    const env = { PATH: process.env['PATH'] ?? '', ...environment }
    const client = new McpClient(spawn(process.execPath, [program, '--transport', 'stdio'], { env, stdio: 'pipe' }))
    const clientInfo = { name: 'an agent of the tests', version: '1' }
    await client.#ask('initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
    client.#send({ method: 'notifications/initialized' })
    return client
  }

  /** The names of the server's tools. */
  async tools(): Promise<readonly string[]> {
    const { tools } = (await this.#ask('tools/list', {})) as { tools: readonly { name: string }[] }
    return tools.map(({ name }) => name)
  }

  async call(name: string, args: Readonly<Record<string, unknown>>): Promise<ToolAnswer> {
    const answer = (await this.#ask('tools/call', { name, arguments: args })) as {
      isError?: boolean
      content: readonly { text?: string }[]
    }
    return { isError: answer.isError === true, text: answer.content.map(({ text }) => text ?? '').join('\n') }
  }

  stop(): void {
    this.#server.kill()
  }

  async #ask(method: string, params: object): Promise<unknown> {
    const id = ++this.#last
    const answered = new Promise<Record<string, unknown>>((resolve) => this.#waiting.set(id, resolve))
    this.#send({ id, method, params })
    const answer = await answered
    if (answer['error'] !== undefined) throw new Error(`${method}: ${JSON.stringify(answer['error'])}`)
    return answer['result']
  }

  #send(message: object): void {
    this.#server.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
  }
}
