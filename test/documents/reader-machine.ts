import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { readRecords } from '@gatehouse/audit-trail'
import { Client } from 'pg'
import { expect } from 'vitest'
import { findMysqlClient } from '../drivers/find-mysql-client.ts'
import { findPsql } from '../drivers/find-psql.ts'
import { AdminApi } from '../harness/admin-api.ts'
import { COMMAND, type RunningDevelopment, startDevelopmentShop } from '../harness/development.ts'
import { DeviceBrowser } from '../harness/device-browser.ts'
import type { Had } from '../servers/found.ts'
import { ROOT } from './markdown-blocks.ts'

/** What a command came to. */
export interface Ran {
  readonly status: number | null
  readonly said: string
}

/**
 * A reader's machine: the shop of `npm start` runs, `gatehouse`, `psql` and `mysql` are on the path, and the words that pages use for what a reader
 * has (`$SESSION`, `gatehouse.example.com`) mean something there.
 */
export class ReaderMachine {
  readonly folder: string
  readonly #shop: RunningDevelopment
  readonly #home: string

  private constructor(folder: string, shop: RunningDevelopment) {
    this.folder = folder
    this.#shop = shop
    this.#home = join(folder, 'home')
  }

  static async start(withMysql: boolean): Promise<ReaderMachine> {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-reader-'))
    const shop = await startDevelopmentShop(folder, withMysql)
    const machine = new ReaderMachine(folder, shop)
    await machine.#furnish()
    return machine
  }

  async stop(): Promise<void> {
    await this.#shop.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** Runs one command of a page as its reader would, in a shell. What it waits for people for, people do. */
  async run(command: string): Promise<Ran> {
    const environment = await this.#environmentFor(command)
    const child = spawn('bash', ['-euo', 'pipefail', '-c', this.#here(command)], {
      cwd: this.folder,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that what the shell started can be ended with it.
      detached: true,
    })
    let said = ''
    let signedIn: Promise<string> | null = null
    const hear = (text: string): void => {
      said += text
      const page = /Open +(http\S+)[^]*Waiting/.exec(said)?.[1]
      if (page !== undefined) signedIn ??= new DeviceBrowser().approve(page, 'agent')
      // It goes on until somebody ends it; a reader does, once it shows something.
      if (/\bwatch\b/.test(command) && child.pid !== undefined) process.kill(-child.pid, 'SIGINT')
    }
    child.stdout.setEncoding('utf8').on('data', hear)
    child.stderr.setEncoding('utf8').on('data', hear)
    const status = await new Promise<number | null>((done) =>
      child.once('close', (code, signal) => done(signal === null ? code : 0)),
    )
    return { status, said }
  }

  /** What a block needs that is not to be had here; null: nothing. */
  lacks(text: string): string | null {
    // Recipes have expectations for both engines.
    if (this.#shop.file.mysql === null && /mysql|policy test docs\/cookbook/.test(text)) return 'no MySQL'
    for (const program of ['psql', 'mysql', 'curl'])
      if (new RegExp(`(?:^|-- |')${program} `, 'm').test(text) && !this.#has(program)) return `no ${program}`
    return null
  }

  #has(program: string): boolean {
    const folders = [join(this.folder, 'bin'), ...(process.env['PATH'] ?? '').split(delimiter)]
    return folders.some((folder) => existsSync(join(folder, program)))
  }

  /** Sends one statement to the shop as its agent, and says yes where it is held: what became of it. */
  async send(sql: string): Promise<'ran' | 'held' | 'refused'> {
    const client = await this.#agent()
    try {
      let held = false
      client.on('notice', ({ message }) => (held ||= /held|approval/i.test(message ?? '')))
      const sent = client.query(sql).then(
        () => null,
        (error: unknown) => error,
      )
      const approver = this.#api('approver')
      const settled = sent.then(() => true)
      while (!(await Promise.race([settled, new Promise((next) => setTimeout(next, 100, false))])))
        for (const { id } of await approver.pending()) await approver.approve(id)
      const error = await sent
      if (error !== null) {
        expect(error).toMatchObject({ message: expect.stringMatching(/^gatehouse: /) })
        return 'refused'
      }
      return held ? 'held' : 'ran'
    } finally {
      await client.end()
    }
  }

  /** What a shell knows that runs this command: who asks, and the words of the page that stand for what a reader has. */
  async #environmentFor(command: string): Promise<NodeJS.ProcessEnv> {
    const { admin, tokens } = this.#shop.file
    const whose = /\baudit hold\b|\bsessions\b/.test(command)
      ? tokens.operator
      : /\bapprovals\b/.test(command)
        ? tokens.approver
        : tokens.agent
    const known: Record<string, string> = {
      PATH: [join(this.folder, 'bin'), process.env['PATH'] ?? ''].join(delimiter),
      HOME: this.#home,
      XDG_STATE_HOME: join(this.#home, 'state'),
      PGSSLROOTCERT: join(this.folder, 'ca.crt'),
      GATEHOUSE_ADMIN_URL: admin.url,
      // One who signs in, or has, has no token besides.
      ...(/\b(?:login|logout)\b/.test(command) ? {} : { GATEHOUSE_TOKEN: whose }),
      TOKEN: tokens.agent,
      PGPASSWORD: tokens.agent,
      AGENT: `host=localhost port=${String(this.#shop.file.postgres.port)} dbname=shop user=copilot sslmode=verify-full`,
      NODE_COMPILE_CACHE: join(ROOT, '.gatehouse/compile-cache'),
      DIR: join(this.#shop.data, 'dev/trail'),
    }
    if (/\$ID\b/.test(command)) known['ID'] = await this.#idFor(command)
    if (/\$(?:SESSION|STATEMENT)\b/.test(command)) Object.assign(known, await this.#recordedSession())
    if (/\$(?:NAME|SECRET)\b/.test(command)) {
      const target = command.includes('mysql') ? 'shop_mysql' : 'shop'
      const given = await this.#api('agent').call('POST', '/v1/credentials', { target, uses: 5, lifetimeSeconds: 300 })
      known['NAME'] = (given.body['credential'] as { name: string }).name
      known['SECRET'] = given.body['secret'] as string
    }
    return known
  }

  /** A held statement for `approvals`, a live session for `sessions`, a hold for `audit hold`. */
  async #idFor(command: string): Promise<string> {
    if (/\baudit hold\b/.test(command)) {
      const set = await this.#api('operator').call('POST', '/v1/legal-holds', {
        what: { kind: 'subject', subject: 'dana@example.com' },
        reason: 'for the page',
      })
      return (set.body['legalHold'] as { id: string }).id
    }
    const client = await this.#agent()
    // It is ended by whoever decides, or with the machine.
    client.on('error', () => undefined)
    if (/\bsessions\b/.test(command)) return this.#sessionOf(client)
    const text = `UPDATE orders SET note = 'for ${String(++this.#asked)}' WHERE id = 12`
    client
      .query(text)
      .then(
        () => client.end(),
        () => client.end(),
      )
      .catch(() => undefined)
    const approver = this.#api('approver')
    const asked = async (): Promise<string | undefined> =>
      (await approver.pending()).find(({ request }) => request.statement.text === text)?.id
    await expect.poll(asked).toBeDefined()
    return (await asked()) ?? ''
  }

  #asked = 0

  async #sessionOf(client: Client): Promise<string> {
    const before = new Set(this.#known)
    await client.query('SELECT id, ssn FROM customers WHERE id = 3')
    const sessions = await this.#api('operator').sessions()
    for (const { id } of sessions) this.#known.add(id)
    const own = sessions.find(({ id }) => !before.has(id))?.id
    if (own === undefined) throw new Error('the session is not listed')
    return own
  }

  readonly #known = new Set<string>()

  /** A session that has ended, and the number of its first statement. */
  async #recordedSession(): Promise<Readonly<Record<'SESSION' | 'STATEMENT', string>>> {
    const client = await this.#agent()
    const session = await this.#sessionOf(client)
    await client.end()
    let statement: number | null = null
    const look = async (): Promise<boolean> => {
      let ended = false
      await readRecords(join(this.#shop.data, 'dev/trail'), { session }, (record) => {
        if (record.kind === 'intent') statement ??= record.seq
        ended ||= record.kind === 'session_end'
        return true
      })
      return ended
    }
    await expect.poll(look).toBe(true)
    return { SESSION: session, STATEMENT: String(statement) }
  }

  #api(who: keyof RunningDevelopment['file']['tokens']): AdminApi {
    return new AdminApi(this.#shop.file.admin.url, this.#shop.file.tokens[who])
  }

  async #agent(): Promise<Client> {
    const { host, port, target, ca } = this.#shop.file.postgres
    const client = new Client({
      host,
      port,
      user: 'copilot',
      password: this.#shop.file.tokens.agent,
      database: target,
      ssl: { ca: readFileSync(resolve(this.folder, ca), 'utf8') },
    })
    await client.connect()
    return client
  }

  /** The command with the places of the examples turned into those of this machine. */
  #here(command: string): string {
    const { postgres, mysql, admin } = this.#shop.file
    return command
      .replaceAll('npm run -s gatehouse --', 'gatehouse')
      .replaceAll(/https:\/\/gatehouse\.example\.com|http:\/\/127\.0\.0\.1:18443/g, admin.url)
      .replaceAll(/\bdb\.example\.com\b|(?<=--host=)gateway\b/g, 'localhost')
      .replaceAll(/(?<=\bport=)15432\b/g, String(postgres.port))
      .replaceAll(/(?<=--port=)13306\b/g, String(mysql?.port))
      .replaceAll('/var/lib/gatehouse/audit', 'audit')
      .replaceAll('--config gateway.yaml', '--config data/dev/gateway.yaml')
      .replaceAll(/(?<=[\s'"])\.gatehouse\b/g, 'data')
  }

  /** What a reader has beside the shop: programs on the path, and the files that pages name. */
  async #furnish(): Promise<void> {
    const bin = join(this.folder, 'bin')
    for (const folder of [
      bin,
      this.#home,
      join(this.folder, 'gw1'),
      join(this.folder, 'gw2'),
      join(this.folder, 'admin'),
    ])
      mkdirSync(folder)
    const program = (name: string, words: readonly string[]): void => {
      const line = words.map((word) => `'${word}'`).join(' ')
      writeFileSync(join(bin, name), `#!/bin/sh\nexec ${line} "$@"\n`)
      chmodSync(join(bin, name), 0o755)
    }
    program('gatehouse', [process.execPath, COMMAND])
    program('node', [process.execPath])
    const psql = had(await findPsql(18)) ?? had(await findPsql(15))
    if (psql !== null) program('psql', [psql.command, ...psql.leading])
    const mysql = had(await findMysqlClient('mysql'))?.program('client')
    if (mysql !== undefined) program('mysql', [mysql.command, ...mysql.leading])
    const link = (from: string, to: string): void => symlinkSync(resolve(this.folder, from), join(this.folder, to))
    link(this.#shop.file.postgres.ca, 'ca.crt')
    const home = join(this.#shop.data, 'dev')
    for (const place of ['audit', 'gw1/audit', 'gw2/audit']) link(join(home, 'trail'), place)
    link(join(home, 'admin-trail'), 'admin/audit')
    // Pages name folders of a clone, too.
    for (const place of ['docs', 'apps', 'deploy']) symlinkSync(join(ROOT, place), join(this.folder, place))
    link(join(home, 'trail.pub'), 'trail.pub')
    writeFileSync(
      join(this.folder, 'report.js'),
      "if (!process.env.DSN?.startsWith('postgresql://gh-')) process.exit(1)\n",
    )
  }
}

function had<Thing>(found: Had<Thing>): Thing | null {
  return found.kind === 'program' ? found.program : null
}
