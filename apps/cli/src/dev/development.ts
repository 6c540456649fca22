import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { type Gateway, formatProblems, parseGatewayConfig, startGateway } from '@gatehouse/gateway'
import { pino } from 'pino'
import { stringify } from 'yaml'
import { writeCatalogFile } from '../catalog-file.ts'
import { CommandFailed } from '../exit-status.ts'
import { developmentCertificate } from './development-certificate.ts'
import { type DevelopmentIssuer, startDevelopmentIssuer } from './development-issuer.ts'
import { type EmbeddedDatabase, startEmbeddedDatabase } from './embedded-database.ts'
import { freePortNear } from './free-port.ts'
import { keptFile, writePrivately } from './kept-file.ts'
import { loadShop } from './shop-data.ts'

export interface DevelopmentOptions {
  /** Holds everything that stays: data, keys, certificates, trail, `dev.json`. */
  readonly folder: string
  readonly port: number
  /** Delete what the folder holds first. */
  readonly reset: boolean
  readonly logLevel: string
  readonly say: (line: string) => void
}

/** A complete gateway for development, running. */
export interface Development {
  /** What to paste where. */
  readonly welcome: string
  /** Settles when the database ends by itself, with what it logged last. */
  readonly databaseEnded: Promise<string>
  readonly stop: () => Promise<void>
}

const TARGET = 'shop'
const POLICY = join(import.meta.dirname, 'shop-policy.yaml')

/** What this project makes in the data folder; nothing else is ever deleted. */
const OWN_ENTRIES = ['dev.json', 'dev']

/** Starts database, issuer and gateway, in this order. When one does not start, what has started is stopped. */
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
    if (!existsSync(join(home, 'database')))
      say('Making a PostgreSQL and filling it with a small shop (only the first time)…')
    const database = await startEmbeddedDatabase({
      dataDirectory: join(home, 'database'),
      database: TARGET,
      load: (client) => loadShop(client),
    })
    stops.push(() => database.stop())
    const issuer = await startDevelopmentIssuer({ dataDirectory: join(home, 'issuer') })
    stops.push(() => issuer.stop())
    const certificate = developmentCertificate(join(home, 'certificates'))
    const port = await freePortNear(options.port)
    const gateway = await startTheGateway(home, port, database, issuer, certificate, options.logLevel)
    stops.push(() => gateway.close())
    const tokens = {
      agent: await issuer.mint('agent'),
      otherAgent: await issuer.mint('otherAgent'),
      approver: await issuer.mint('approver'),
      otherApprover: await issuer.mint('otherApprover'),
    }
    // For `gatehouse policy test` and `explain`, which need no database then.
    await writeCatalogFile(join(home, 'gateway.yaml'), TARGET, join(home, `${TARGET}.catalog.json`))
    const ca = certificate.caFile
    const document = {
      postgres: { host: 'localhost', port, target: TARGET, ca: relative(process.cwd(), ca) },
      mysql: null,
      admin: null,
      issuer: issuer.url,
      tokens,
    }
    writePrivately(join(folder, 'dev.json'), `${JSON.stringify(document, null, 2)}\n`)
    return {
      welcome: welcome(port, ca, tokens.agent, folder, home),
      databaseEnded: database.ended,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startTheGateway(
  home: string,
  port: number,
  database: EmbeddedDatabase,
  issuer: DevelopmentIssuer,
  certificate: { readonly certificateFile: string; readonly keyFile: string },
  logLevel: string,
): Promise<Gateway> {
  keptFile(join(home, 'masking-key'), () => randomBytes(32).toString('hex'))
  const file = join(home, 'gateway.yaml')
  const text = stringify({
    gatewayId: 'development',
    listeners: {
      postgres: {
        address: `127.0.0.1:${port}`,
        tls: { certificateFile: certificate.certificateFile, keyFile: certificate.keyFile },
        allowClearTextPasswordOnLoopback: true,
      },
    },
    issuers: [{ issuer: issuer.url, audience: issuer.audience, allowHttp: true }],
    targets: {
      [TARGET]: {
        engine: 'postgres',
        host: database.host,
        port: database.port,
        database: database.database,
        user: database.gateway.user,
        password: `file:${database.gateway.passwordFile}`,
        tls: { mode: 'disable' },
      },
    },
    policyFile: POLICY,
    maskingKey: 'file:masking-key',
    audit: { directory: 'trail' },
    log: { level: logLevel },
  })
  writeFileSync(file, `# Made anew at every start of \`npm start\`.\n${text}`)
  const loading = parseGatewayConfig(text, home, process.env)
  if (loading.kind === 'problems') throw new CommandFailed(formatProblems(file, loading.problems))
  return await startGateway(loading.config, pino({ level: logLevel }))
}

function welcome(port: number, ca: string, token: string, folder: string, home: string): string {
  const connection = `host=localhost port=${port} dbname=${TARGET} user=copilot sslmode=verify-full sslrootcert=${ca}`
  return `
Gatehouse is running. Everything an agent sends is read, decided, recorded; sensitive columns come back masked.

  psql    PGPASSWORD='${token}' psql "${connection}"
  token   ${token}
  mysql   none: this version speaks PostgreSQL
  admin   none: this version has no approval queue

Try   select id, name, email, ssn from customers limit 5;
      delete from orders;            (refused, with the reason and the way on)
      select pg_read_file('/etc/passwd');

The policy is ${POLICY}; a change takes effect at once.
Scripts read ${join(folder, 'dev.json')}; the trail is in ${join(home, 'trail')}.
Ctrl-C ends everything.
`
}
