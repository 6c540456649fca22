import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { unpackedPsql } from '../drivers/find-psql.ts'
import { DeviceBrowser } from '../harness/device-browser.ts'
import { freePort } from '../servers/local-tools.ts'
import { KEPT_SERVERS } from '../servers/private-folder.ts'

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts')
const { postgres18, mysql9 } = inject('servers')
const psql = await unpackedPsql(18)
/** What the first start in a folder takes, on a machine with other things to do. */
const START_MILLISECONDS = 180_000

interface Done {
  readonly status: number | null
  readonly out: string
  readonly err: string
}
interface Kept {
  readonly url: string
  readonly token: string
  readonly refreshToken: string
  readonly expiresAt: number
}
interface Written {
  readonly postgres: { readonly host: string; readonly port: number; readonly target: string; readonly ca: string }
  readonly issuer: string
  readonly admin: { readonly url: string }
  readonly mysql: object | null
  readonly tokens: { readonly agent: string; readonly operator: string }
}

/** Each command is a process, which takes its time where others have the machine. */
const COMMANDS_MILLISECONDS = 120_000

describe.skipIf('absent' in postgres18)(
  'a developer, with what npm start starts',
  { timeout: COMMANDS_MILLISECONDS },
  () => {
    let folder: string
    let dev: ChildProcess
    let log = ''
    let written: Written
    /** Every secret and token that came by: none may stand in a log or trail at the end. */
    const secrets = new Set<string>()

    const kept = (): Kept => JSON.parse(readFileSync(join(folder, 'state/gatehouse/login.json'), 'utf8')) as Kept
    const keptFile = (): string => join(folder, 'state/gatehouse/login.json')
    const remember = (): void => {
      const { token, refreshToken } = kept()
      for (const secret of [token, refreshToken]) secrets.add(secret)
    }

    /** Runs the command as the developer would; `onError` hears what it says on the way. */
    const gatehouse = (
      args: readonly string[],
      environment: Readonly<Record<string, string>> = {},
      onError: (text: string) => void = () => undefined,
      input = '',
    ): Promise<Done> =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [main, ...args], {
          cwd: folder,
          env: {
            PATH: process.env['PATH'],
            NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
            HOME: folder,
            XDG_STATE_HOME: join(folder, 'state'),
            ...environment,
          },
        })
        let out = ''
        let err = ''
        child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
        child.stderr.setEncoding('utf8').on('data', (text: string) => {
          err += text
          onError(err)
        })
        child.once('close', (status) => {
          for (const [secret] of out.matchAll(/(?<=:)[\w-]{27}(?=@)/g)) secrets.add(secret)
          resolve({ status, out, err })
        })
        child.stdin.end(input)
      })

    /** Runs one that waits for a person, who then goes where it says. */
    const withPerson = (args: readonly string[], act: (page: string) => Promise<string>): Promise<Done> => {
      let acted: Promise<string> | null = null
      return gatehouse(args, {}, (err) => {
        const page = /Open +(http\S+)[^]*Waiting/.exec(err)?.[1]
        if (page !== undefined) acted ??= act(page)
      })
    }
    const signIn = (more: readonly string[] = [], as = 'agent'): Promise<Done> =>
      withPerson(['login', '--url', written.admin.url, ...more], (page) => new DeviceBrowser().approve(page, as))

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'gatehouse-login-'))
      mkdirSync(join(folder, 'data'), { mode: 0o755 })
      if ('address' in mysql9) symlinkSync(KEPT_SERVERS, join(folder, 'data', 'servers'))
      const ports = ['--port', String(await freePort()), '--mysql-port', String(await freePort())]
      ports.push('--admin-port', String(await freePort()))
      dev = spawn(process.execPath, [main, 'dev', '--data', join(folder, 'data'), '--log-level', 'trace', ...ports])
      dev.stdout?.setEncoding('utf8').on('data', (text: string) => (log += text))
      dev.stderr?.setEncoding('utf8').on('data', (text: string) => (log += text))
      const deadline = Date.now() + START_MILLISECONDS
      while (!log.includes('Ctrl-C')) {
        if (dev.exitCode !== null || Date.now() > deadline) throw new Error(`it did not start: ${log}`)
        await sleep(50)
      }
      written = JSON.parse(readFileSync(join(folder, 'data/dev.json'), 'utf8')) as Written
    }, START_MILLISECONDS)

    afterAll(async () => {
      if (dev.exitCode === null) {
        dev.kill('SIGTERM')
        await new Promise((resolve) => dev.once('exit', resolve))
      }
      rmSync(folder, { recursive: true, force: true })
    })

    test('signs in on a page, and has a token in a file that is theirs alone', async () => {
      const { status, out, err } = await signIn(['--target', 'shop'])
      expect({ status, err }).toMatchObject({ status: 0 })
      expect(statSync(keptFile()).mode & 0o777).toBe(0o600)
      expect(statSync(join(folder, 'state/gatehouse')).mode & 0o777).toBe(0o700)
      expect(out).toMatch(/shop {2}\(postgres, localhost:\d+\)/)
      expect(out + err).not.toContain(kept().token)
      remember()
      // What is printed is a login that works.
      const uri = /^postgresql:\S+$/m.exec(out)?.[0] ?? ''
      const client = new Client({ connectionString: uri })
      await client.connect()
      expect((await client.query('SELECT ssn FROM customers WHERE id = 3')).rows).toEqual([
        { ssn: expect.stringMatching(/^\*{7}\d{4}$/) },
      ])
      await client.end()
      const { username, password, port } = new URL(uri)
      expect(out).toContain(`\nlocalhost:${port}:shop:${username}:${password}\n`)
    })

    test('psql 18 signs in by itself: it shows a page and a code, and is in once somebody has said yes', async ({
      skip,
    }) => {
      if (psql.kind === 'absent') {
        skip(psql.reason)
        return
      }
      const { host, port, target, ca } = written.postgres
      const connection = [
        `host=${host} port=${String(port)} dbname=${target} user=agent sslmode=verify-full sslrootcert=${resolve(ca)}`,
        `oauth_issuer=${written.issuer} oauth_client_id=gatehouse-cli options=-cgatehouse.login=oauthbearer`,
      ].join(' ')
      const { command, leading } = psql.program
      const query = ['-X', '-A', '-t', '-c', 'SELECT ssn FROM customers WHERE id = 3', connection]
      const child = spawn(command, [...leading, ...query], {
        // The issuer has no TLS, which libpq takes for unsafe.
        env: { PATH: process.env['PATH'], HOME: folder, PGOAUTHDEBUG: 'UNSAFE' },
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      let out = ''
      let err = ''
      let approved: Promise<string> | null = null
      child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        err += text
        const [, page = '', code = ''] = /Visit (\S+) and enter the code: (\S+)/.exec(err) ?? []
        if (code !== '') approved ??= new DeviceBrowser().approve(`${page}?user_code=${code}`, 'agent')
      })
      const status = await new Promise((done) => child.once('close', done))
      expect({ status, err }).toMatchObject({ status: 0 })
      expect(out).toMatch(/^\*{7}\d{4}\n$/)
    })

    test('runs a program with a credential in its environment, which is gone when the program ends', async () => {
      const script = `
      const { Client } = require(${JSON.stringify(require.resolve('pg'))})
      const client = new Client()
      client.connect().then(() => client.query('SELECT ssn FROM customers WHERE id = 3')).then(async ({ rows }) => {
        const lines = [process.pid, process.ppid].map((id) => require('fs').readFileSync('/proc/' + id + '/cmdline', 'utf8'))
        console.log(JSON.stringify({ rows, lines, own: process.env.PGPASSWORD, user: process.env.PGUSER,
          dsn: process.env.DSN, token: process.env.GATEHOUSE_TOKEN ?? null }))
        await client.end()
        process.exit(7)
      })`
      const { status, out, err } = await gatehouse(
        ['exec', '--target', 'shop', '--env', 'DSN={user}:{password}@{host}', '--', process.execPath, '-e', script],
        { GATEHOUSE_TOKEN: written.tokens.agent, GATEHOUSE_ADMIN_URL: written.admin.url },
      )
      expect({ status, err }).toEqual({ status: 7, err: '' })
      const said = JSON.parse(out) as Record<string, string> & { rows: { ssn: string }[]; lines: string[] }
      expect(said.rows[0]?.ssn).toMatch(/^\*{7}\d{4}$/)
      expect(said['dsn']).toBe(`${said['user'] ?? ''}:${said['own'] ?? ''}@localhost`)
      expect(said['token']).toBe(null)
      secrets.add(said['own'] ?? '')
      secrets.add(written.tokens.agent)
      // Nobody sees either in the list of processes.
      for (const line of said.lines) {
        expect(line).not.toContain(said['own'])
        expect(line).not.toContain(written.tokens.agent)
      }
      const listed = await gatehouse(
        ['credentials', 'list', '--token-file', '-', '--url', written.admin.url],
        {},
        undefined,
        written.tokens.agent,
      )
      expect(listed.status).toBe(0)
      expect(listed.out).not.toContain(said['user'])
    })

    test('prints a credential in each form, sees it and revokes it', async () => {
      const names: string[] = []
      for (const [format, wanted] of [
        ['dsn', /^postgresql:\/\/(gh-\w+):[\w-]{27}@localhost:\d+\/shop\?sslmode=verify-full&sslrootcert=\S+\n$/],
        ['json', /"user": "(gh-\w+)",\n {2}"password": "[\w-]{27}"/],
      ] as const) {
        const { status, out, err } = await gatehouse([
          'token',
          '--target',
          'shop',
          '--format',
          format,
          '--lifetime',
          '5m',
        ])
        expect({ status, err }).toEqual({ status: 0, err: expect.stringMatching(/^Good for one login until .*\.\n$/) })
        expect(out).toMatch(wanted)
        names.push(wanted.exec(out)?.[1] ?? '')
      }
      const list = async (): Promise<string> => (await gatehouse(['credentials', 'list'])).out
      expect(names).toHaveLength(2)
      expect((await gatehouse(['credentials', 'revoke', names[0] ?? ''])).status).toBe(0)
      expect(await list()).not.toContain(names[0])
    })

    test.skipIf('absent' in mysql9)('has the same for MySQL', async () => {
      if (written.mysql === null) throw new Error('no MySQL was started')
      const script = `
      const mysql = require(${JSON.stringify(require.resolve('mysql2/promise'))})
      mysql.createConnection({ host: process.env.MYSQL_HOST, port: process.env.MYSQL_TCP_PORT, user: process.env.MYSQL_USER,
        password: process.env.MYSQL_PWD, database: process.env.MYSQL_DATABASE,
        ssl: { ca: require('fs').readFileSync(process.env.MYSQL_SSL_CA) } }).then(async (connection) => {
        const [rows] = await connection.query('SELECT ssn FROM customers WHERE id = 3')
        console.log(JSON.stringify(rows))
        await connection.end()
      })`
      const done = await gatehouse(['exec', '--target', 'shop_mysql', '--', process.execPath, '-e', script])
      expect(done).toMatchObject({ status: 0, out: expect.stringMatching(/^\[\{"ssn":"\*{7}\d{4}"\}\]\n$/) })
    })

    test('has snippets for agents whose command runs', async () => {
      const { out } = await gatehouse(['snippet', 'cursor', '--target', 'shop'])
      const document = JSON.parse(out.slice(out.indexOf('{'))) as {
        mcpServers: { shop: { command: string; args: string[] } }
      }
      const { command, args } = document.mcpServers.shop
      expect(command).toBe(process.execPath)
      // All but the MCP server itself, which is fetched from a registry.
      const ours = [...args.slice(1, args.indexOf('--') + 1), 'sh', '-c', 'echo "$DSN"']
      expect((await gatehouse(ours)).out).toMatch(/^postgresql:\/\/gh-\w+:/)
    })

    test('has snippets that name no files of this machine where gatehouse is on the path', async () => {
      const bin = join(folder, 'bin')
      mkdirSync(bin)
      writeFileSync(join(bin, 'gatehouse'), `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`, { mode: 0o755 })
      const found = { PATH: `${bin}:${process.env['PATH'] ?? ''}` }
      for (const name of ['claude-code', 'copilot', 'cursor', 'mcp', 'psql']) {
        const { out, err } = await gatehouse(['snippet', name, '--target', 'shop'], found)
        expect({ name, err }).toEqual({ name, err: '' })
        expect(out).toMatch(/^(?: *"command": )?"?gatehouse\b/m)
        for (const ours of [main, process.execPath, folder]) expect(out).not.toContain(ours)
      }
    })

    test('is renewed before the token ends, by one command of several at once', async () => {
      const before = kept()
      writeFileSync(keptFile(), JSON.stringify({ ...before, expiresAt: Date.now() + 1000 }))
      const done = await Promise.all([1, 2].map(() => gatehouse(['credentials', 'list'])))
      expect(done.map(({ status, err }) => ({ status, err }))).toEqual(done.map(() => ({ status: 0, err: '' })))
      expect(kept().token).not.toBe(before.token)
      expect(kept().refreshToken).not.toBe(before.refreshToken)
      expect(statSync(keptFile()).mode & 0o777).toBe(0o600)
      remember()
    })

    test('does not show the token to another service, nor in clear', async () => {
      const elsewhere = await gatehouse(['credentials', 'list', '--url', 'https://127.0.0.1:1'])
      expect(elsewhere).toMatchObject({
        status: 1,
        err: expect.stringContaining('is not shown to https://127.0.0.1:1'),
      })
      const clear = await gatehouse(['credentials', 'list', '--url', 'http://gatehouse.example'], {
        GATEHOUSE_TOKEN: 'x',
      })
      expect(clear).toMatchObject({ status: 2, err: expect.stringContaining('must be https://') })
      const wrong = await gatehouse(['token', '--target', 'shop', '--url', written.admin.url], {
        GATEHOUSE_TOKEN: 'eyJ.wrong.token',
      })
      expect(wrong).toMatchObject({ status: 1, err: expect.stringMatching(/^TOKEN_REFUSED/) })
      expect(wrong.err).not.toMatch(/wrong|shop/)
    })

    test('is told no where the file of the sign-in could be another’s', async () => {
      const refused = async (why: string): Promise<void> => {
        const done = await gatehouse(['credentials', 'list'])
        expect(done).toMatchObject({ status: 1, err: expect.stringContaining(why) })
        expect(done.err).not.toContain(kept().token)
      }
      chmodSync(keptFile(), 0o640)
      await refused('may be read by others')
      chmodSync(keptFile(), 0o600)
      const text = readFileSync(keptFile(), 'utf8')
      writeFileSync(keptFile(), text.slice(0, -20))
      const broken = await gatehouse(['credentials', 'list'])
      expect(broken).toMatchObject({ status: 1, err: expect.stringContaining('Sign in again') })
      expect(broken.err).not.toContain((JSON.parse(text) as Kept).token)
      writeFileSync(keptFile(), text)
    })

    test('who says no on the page signs nobody in, and keeps who is', async () => {
      const before = kept()
      const done = await withPerson(['login'], (page) => new DeviceBrowser().refuse(page))
      expect(done).toMatchObject({ status: 1, err: expect.stringContaining('access_denied') })
      expect(kept()).toEqual(before)
    })

    test('signs out: the file is gone, and the issuer renews the token no more', async () => {
      const before = readFileSync(keptFile(), 'utf8')
      expect(await gatehouse(['logout'])).toMatchObject({ status: 0, out: 'Signed out.\n' })
      expect(existsSync(keptFile())).toBe(false)
      expect((await gatehouse(['credentials', 'list'])).err).toMatch(/gatehouse login/)
      writeFileSync(keptFile(), JSON.stringify({ ...(JSON.parse(before) as Kept), expiresAt: 0 }), { mode: 0o600 })
      const late = await gatehouse(['credentials', 'list'])
      expect(late).toMatchObject({ status: 1, err: expect.stringContaining('invalid_grant') })
    })

    test('and none of their secrets is in a log, or in a trail', () => {
      expect(secrets.size).toBeGreaterThan(6)
      const trails = globSync('data/dev/{trail,admin-trail}/*', { cwd: folder }).filter((file) =>
        statSync(join(folder, file)).isFile(),
      )
      expect(trails.length).toBeGreaterThan(1)
      const texts = trails.map((file) => readFileSync(join(folder, file), 'latin1'))
      expect(texts.join('')).toContain('credential_issued')
      // The welcome has the demonstration's token, once and on purpose.
      const logged = log
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .join('\n')
      for (const text of [...texts, logged]) for (const secret of secrets) expect(text.includes(secret)).toBe(false)
    })
  },
)
