import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { afterAll, describe, expect, inject, test, vi } from 'vitest'
import { freePort } from '../servers/local-tools.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'
import { type Block, blocksOf, placeOf, ROOT } from './markdown-blocks.ts'

// Follows docs/getting-started.md in a fresh copy, with nothing on the path but what the system has: what README.md begins with, too.
const { postgres18, mysql9 } = inject('servers')
/** An installation, two databases made and filled, and a dozen commands, on a machine with other things to do. */
const PAGE_MILLISECONDS = 480_000
const withMysql = !('absent' in mysql9)

describe.skipIf('absent' in postgres18)('docs/getting-started.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-clone-'))
  const clone = join(folder, 'gatehouse')
  const children: ChildProcess[] = []

  afterAll(async () => {
    // As Ctrl-C does: npm, and all that it has started.
    for (const { pid } of children) if (isThere(pid)) process.kill(-pid, 'SIGTERM')
    for (const { pid } of children) await vi.waitFor(() => expect(isThere(pid)).toBe(false), 20_000)
    rmSync(folder, { recursive: true, force: true })
  })

  test('holds word for word', { timeout: PAGE_MILLISECONDS }, async () => {
    const skipped = new Set(['node_modules', '.gatehouse', '.git', 'dist'])
    cpSync(ROOT, clone, { recursive: true, filter: (from) => !skipped.has(basename(from)) })
    if (withMysql) {
      mkdirSync(join(clone, '.gatehouse'))
      symlinkSync(KEPT_SERVERS, join(clone, '.gatehouse/servers'))
    }
    const reader = new Reader(clone, children)
    const begun = performance.now()
    await reader.start()
    const started = performance.now()
    for (const block of pageBlocks()) await reader.follow(block)
    const seconds = (from: number, to: number): string => ((to - from) / 1000).toFixed(0)
    console.info(
      `ready after ${seconds(begun, started)} s, read to its end after ${seconds(begun, performance.now())} s`,
    )
  })
})

/** The blocks behind the first, which starts everything; without a MySQL, those of its section are left out. */
function pageBlocks(): readonly Block[] {
  const [, ...blocks] = blocksOf('docs/getting-started.md')
  if (withMysql) return blocks
  const first = blocks.findIndex(({ text }) => text.includes('agent.mjs mysql'))
  const last = blocks.findIndex(({ text }) => text.includes('policy check'))
  return [...blocks.slice(0, first), ...blocks.slice(last)]
}

/** Somebody with a few terminals who does what the page says. */
class Reader {
  readonly #clone: string
  readonly #children: ChildProcess[]
  readonly #environment: NodeJS.ProcessEnv
  #adminUrl = ''
  /** What the third terminal has set. */
  #exported = ''
  #said = ''
  /** An agent that waits for a yes, in a terminal of its own. */
  #waiting: Promise<string> | null = null

  constructor(clone: string, children: ChildProcess[]) {
    this.#clone = clone
    this.#children = children
    // What this repository has installed is not on a clean machine's path.
    const { NODE_OPTIONS: _, NODE_COMPILE_CACHE: __, ...environment } = process.env
    const folders = (environment['PATH'] ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
    this.#environment = { ...environment, PATH: folders.join(delimiter), npm_config_prefer_offline: 'true' }
  }

  /** The page's first block, on ports that are free here. */
  async start(): Promise<void> {
    const [port, mysqlPort, adminPort] = [await freePort(), await freePort(), await freePort()]
    this.#adminUrl = `http://127.0.0.1:${String(adminPort)}`
    const [first] = blocksOf('docs/getting-started.md')
    expect(first?.text.trim()).toBe('npm start -- --mysql')
    const ports = ['--port', port, '--mysql-port', mysqlPort, '--admin-port', adminPort].map(String)
    const more = withMysql ? ['--mysql', ...ports] : ports
    const child = this.#spawn('npm', ['start', '--', ...more])
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
    await expect
      .poll(() => (child.exitCode === null ? said : `ended: ${said}`), {
        timeout: PAGE_MILLISECONDS / 2,
        interval: 200,
      })
      .toMatch(/Ctrl-C|^ended/)
    expect(said).not.toMatch(/^ended/)
    expect(existsSync(join(this.#clone, '.gatehouse/dev.json'))).toBe(true)
    if (withMysql) expect(said).not.toMatch(/mysql +none/)
  }

  async follow(block: Block): Promise<void> {
    if (block.language === 'js') {
      const [, file = ''] = /^\/\/ (\S+)$/m.exec(block.text) ?? []
      writeFileSync(join(this.#clone, file), block.text)
    } else if (block.language === 'text') await this.#compare(block)
    else for (const line of block.text.trim().split('\n')) await this.#type(line)
  }

  async #type(line: string): Promise<void> {
    if (line.includes('"update ')) {
      this.#waiting = this.#shell(line)
      return
    }
    if (line.startsWith('export ')) {
      this.#exported += `${line.replace('http://127.0.0.1:18443', this.#adminUrl)}\n`
      return
    }
    if (line.endsWith('approvals list')) {
      await expect.poll(async () => (this.#said = await this.#shell(line)), { interval: 500 }).toMatch(/update orders/i)
      return
    }
    const [, session = ''] = /"session":"([^"]+)"/.exec(this.#said) ?? []
    const [, id = ''] = /^(\S+) .*update orders/im.exec(this.#said) ?? []
    this.#said = await this.#shell(line.replace(/\bSESSION$/, session).replace(/\bID$/, id))
  }

  /** What stands in a block of output was said, in that order; `…` is anything. */
  async #compare(block: Block): Promise<void> {
    const said = this.#waiting === null ? this.#said : await this.#waiting
    this.#waiting = null
    let from = 0
    for (const piece of block.text.trim().split(/…|\n/)) {
      const at = said.indexOf(piece, from)
      expect(at, `${placeOf(block)}: ${JSON.stringify(piece)} is not in\n${said}`).toBeGreaterThanOrEqual(0)
      from = at + piece.length
    }
  }

  async #shell(command: string): Promise<string> {
    const child = this.#spawn('bash', ['-euo', 'pipefail', '-c', this.#exported + command])
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (said += text))
    const status = await new Promise((resolve) => child.once('close', resolve))
    expect(status, `${command}\n${said}`).toBe(0)
    return said
  }

  #spawn(command: string, args: readonly string[]): ChildProcess {
    const child = spawn(command, args, {
      cwd: this.#clone,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what it starts can be ended with it.
      detached: true,
    })
    this.#children.push(child)
    return child
  }
}

/** True while somebody of the group that this process began is there. */
function isThere(pid: number | undefined): pid is number {
  if (pid === undefined) return false
  try {
    process.kill(-pid, 0)
    return true
  } catch {
    return false
  }
}
