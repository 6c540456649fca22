import { randomBytes } from 'node:crypto'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { formatProblems } from '@gatehouse/configuration'
import { type Gateway, parseGatewayConfig, startGateway } from '@gatehouse/gateway'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { makeKeyPair } from '@gatehouse/audit-trail'
import { type Admin, pageFolder, parseAdminConfig, startAdmin } from '@gatehouse/admin'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { explainForAdmin } from '../admin-explain.ts'
import { writeCatalogFile } from '../catalog-file.ts'
import { CommandFailed } from '../exit-status.ts'
import { developmentCertificate } from './development-certificate.ts'
import { type DevelopmentDatabases, type MysqlTwin, startDatabases } from './development-databases.ts'
import { type DevelopmentIssuer, startDevelopmentIssuer } from './development-issuer.ts'
import { ADMIN_CLIENT, CLI_CLIENT } from './development-principals.ts'
import type { EmbeddedDatabase } from './embedded-database.ts'
import type { EmbeddedMysql } from './embedded-mysql.ts'
import { freePortNear } from './free-port.ts'
import { keptFile, writePrivately } from './kept-file.ts'

export interface DevelopmentOptions {
  /** Holds everything that stays: data, keys, certificates, trail, `dev.json`. */
  readonly folder: string
  /** Where PostgreSQL clients connect; another where that is taken. */
  readonly port: number
  /** Where MySQL clients connect, likewise. */
  readonly mysqlPort: number
  /** Where the admin service is, likewise. */
  readonly adminPort: number
  /** Fetch a MySQL where none is found. */
  readonly fetchMysql: boolean
  /** Delete what the folder holds first. */
  readonly reset: boolean
  readonly logLevel: string
  readonly say: (line: string) => void
}

/** A complete gateway for development, running. */
export interface Development {
  /** What to paste where. */
  readonly welcome: string
  /** Settles when a database ends by itself, with which one and what it logged last. */
  readonly databaseEnded: Promise<string>
  readonly stop: () => Promise<void>
}

const TARGET = 'shop'
const MYSQL_TARGET = 'shop_mysql'
const POLICY = join(import.meta.dirname, 'shop-policy.yaml')

/** What this project makes in the data folder; nothing else is ever deleted. */
const OWN_ENTRIES = ['dev.json', 'dev']

/** Starts databases, issuer and gateway, in this order. When one does not start, what has started is stopped. */
export async function startDevelopment(options: DevelopmentOptions): Promise<Development> {
  const { folder, say } = options
  const home = join(folder, 'dev')
  if (options.reset) for (const entry of OWN_ENTRIES) rmSync(join(folder, entry), { recursive: true, force: true })
  mkdirSync(home, { recursive: true, mode: 0o755 })
  rmSync(join(folder, 'dev.json'), { force: true })
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    rmSync(join(folder, 'dev.json'), { force: true })
    for (const one of stops.splice(0).toReversed()) await one()
  }
  try {
    const databases = await startDatabases({
      home,
      programs: join(folder, 'servers'),
      fetchMysql: options.fetchMysql,
      say,
      stops,
    })
    const ports = {
      postgres: await freePortNear(options.port),
      mysql: await freePortNear(options.mysqlPort),
      admin: await freePortNear(options.adminPort),
    }
    const adminUrl = `http://127.0.0.1:${ports.admin}`
    const issuer = await startDevelopmentIssuer({ dataDirectory: join(home, 'issuer'), adminUrl })
    stops.push(() => issuer.stop())
    const certificate = developmentCertificate(join(home, 'certificates'))
    const hub = new MemoryHub()
    const gateway = await startTheGateway(home, ports, databases, issuer, certificate, hub, options.logLevel)
    stops.push(() => gateway.close())
    const admin = await startTheAdmin(home, ports, databases, issuer, certificate, hub, options.logLevel)
    stops.push(() => admin.close())
    const tokens = {
      agent: await issuer.mint('agent'),
      otherAgent: await issuer.mint('otherAgent'),
      approver: await issuer.mint('approver'),
      otherApprover: await issuer.mint('otherApprover'),
      operator: await issuer.mint('operator'),
      auditor: await issuer.mint('auditor'),
    }
    const { mysql } = databases
    // For `gatehouse policy test` and `explain`, which need no database then.
    for (const target of mysql.kind === 'running' ? [TARGET, MYSQL_TARGET] : [TARGET])
      await writeCatalogFile(join(home, 'gateway.yaml'), target, join(home, `${target}.catalog.json`))
    const ca = relative(process.cwd(), certificate.caFile)
    const document = {
      postgres: { host: 'localhost', port: ports.postgres, target: TARGET, ca },
      mysql:
        mysql.kind === 'running'
          ? { host: 'localhost', port: ports.mysql, target: MYSQL_TARGET, ca, server: mysql.server.product }
          : null,
      admin: { url: adminUrl },
      issuer: issuer.url,
      tokens,
    }
    writePrivately(join(folder, 'dev.json'), `${JSON.stringify(document, null, 2)}\n`)
    return {
      welcome: welcome(ports, mysql, certificate.caFile, tokens.agent, folder, home),
      databaseEnded: firstEnd(databases),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

interface Ports {
  readonly postgres: number
  readonly mysql: number
  readonly admin: number
}

async function startTheGateway(
  home: string,
  ports: Ports,
  { postgres, mysql }: DevelopmentDatabases,
  issuer: DevelopmentIssuer,
  certificate: { readonly certificateFile: string; readonly keyFile: string },
  hub: MemoryHub,
  logLevel: string,
): Promise<Gateway> {
  keptFile(join(home, 'masking-key'), () => randomBytes(32).toString('hex'))
  keptFile(join(home, 'trail.key'), () => {
    const { privateKey, publicKey } = makeKeyPair()
    writeFileSync(join(home, 'trail.pub'), publicKey)
    return privateKey
  })
  const file = join(home, 'gateway.yaml')
  const listener = (port: number): unknown => ({
    address: `127.0.0.1:${port}`,
    tls: { certificateFile: certificate.certificateFile, keyFile: certificate.keyFile },
    allowClearTextPasswordOnLoopback: true,
  })
  const both = mysql.kind === 'running'
  const text = stringify({
    gatewayId: 'development',
    listeners: { postgres: listener(ports.postgres), ...(both ? { mysql: listener(ports.mysql) } : {}) },
    issuers: [{ issuer: issuer.url, audience: issuer.audience, allowHttp: true }],
    targets: {
      [TARGET]: { engine: 'postgres', ...upstream(postgres) },
      ...(both ? { [MYSQL_TARGET]: { engine: 'mysql', ...upstream(mysql.server) } } : {}),
    },
    policyFile: POLICY,
    maskingKey: 'file:masking-key',
    approvals: { adminUrl: `http://127.0.0.1:${ports.admin}` },
    audit: { directory: 'trail', signingKey: 'file:trail.key' },
    recording: { mode: 'on' },
    log: { level: logLevel },
  })
  writeFileSync(file, `# Made anew at every start of \`npm start\`.\n${text}`)
  const loading = parseGatewayConfig(text, home, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems))
  return await startGateway(loading.config, pino({ level: logLevel }), await openMemoryCoordination(hub))
}

async function startTheAdmin(
  home: string,
  { admin: port, postgres, mysql }: Ports,
  databases: DevelopmentDatabases,
  issuer: DevelopmentIssuer,
  certificate: { readonly caFile: string },
  hub: MemoryHub,
  logLevel: string,
): Promise<Admin> {
  const file = join(home, 'admin.yaml')
  const text = stringify({
    serviceId: 'development-admin',
    address: `127.0.0.1:${port}`,
    publicUrl: `http://127.0.0.1:${port}`,
    issuers: [{ issuer: issuer.url, audience: issuer.audience, allowHttp: true }],
    roles: { approver: { groups: ['dba'] }, operator: { groups: ['sre'] }, auditor: { groups: ['audit'] } },
    login: { issuer: issuer.url, clientId: ADMIN_CLIENT },
    credentials: {
      targets: {
        [TARGET]: { engine: 'postgres', address: `localhost:${postgres}` },
        ...(databases.mysql.kind === 'running'
          ? { [MYSQL_TARGET]: { engine: 'mysql', address: `localhost:${mysql}` } }
          : {}),
      },
      caFile: certificate.caFile,
      deviceLogin: { issuer: issuer.url, clientId: CLI_CLIENT },
    },
    audit: { directory: 'admin-trail' },
    trails: ['trail'],
    verifyingKeyFiles: ['trail.pub'],
    policyFile: POLICY,
    catalogsDirectory: '.',
    log: { level: logLevel },
  })
  writeFileSync(file, `# Made anew at every start of \`npm start\`.\n${text}`)
  const loading = parseAdminConfig(text, home, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems))
  const coordination = await openMemoryCoordination(hub)
  const options = { coordination, explain: explainForAdmin, page: await pageFolder() }
  return await startAdmin(loading.config, pino({ level: logLevel }), options)
}

function upstream({
  host,
  port,
  database,
  gateway,
}: EmbeddedDatabase | EmbeddedMysql): Readonly<Record<string, unknown>> {
  return {
    host,
    port,
    database,
    user: gateway.user,
    password: `file:${gateway.passwordFile}`,
    tls: { mode: 'disable' },
  }
}

function firstEnd({ postgres, mysql }: DevelopmentDatabases): Promise<string> {
  const told = (product: string, ended: Promise<string>): Promise<string> =>
    ended.then((last) => `The embedded ${product} ended by itself:\n${last}`)
  const ends = [told('PostgreSQL', postgres.ended)]
  if (mysql.kind === 'running') ends.push(told(mysql.server.product, mysql.server.ended))
  return Promise.race(ends)
}

function welcome(ports: Ports, mysql: MysqlTwin, ca: string, token: string, folder: string, home: string): string {
  const connection = `host=localhost port=${ports.postgres} dbname=${TARGET} user=copilot sslmode=verify-full sslrootcert=${ca}`
  const mysqlOptions = `--protocol=tcp --host=localhost --port=${ports.mysql} --user=copilot --ssl-ca='${ca}' ${MYSQL_TARGET}`
  const mysqlLine = mysql.kind === 'running' ? `MYSQL_PWD='${token}' mysql ${mysqlOptions}` : `none: ${mysql.reason}`
  return `
Gatehouse is running. Everything an agent sends is read, decided, recorded; sensitive columns come back masked.

  psql    PGPASSWORD='${token}' psql "${connection}"
  mysql   ${mysqlLine}
  token   ${token}
  admin   http://127.0.0.1:${ports.admin}      (sign in as dana@shop.example, who decides)
  login   npm run -s gatehouse -- login --url http://127.0.0.1:${ports.admin}      (as alice@shop.example; docs/agents.md)

Try   select id, name, email, ssn from customers limit 5;
      update orders set note = 'call first' where id = 12;      (held, until you approve it on the page)
      delete from orders;            (refused, with the reason and the way on)
      select pg_read_file('/etc/passwd');      (in MySQL: select load_file('/etc/passwd');)

The policy is ${POLICY}; a change takes effect at once.
Scripts read ${join(folder, 'dev.json')}; the trail is in ${join(home, 'trail')}.
Ctrl-C ends everything.
`
}
