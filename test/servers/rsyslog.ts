import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { globSync } from 'node:fs'
import { debianProgram, type Program } from './debian-program.ts'
import { ServerAbsent } from './found.ts'
import { listens } from './listens.ts'
import { freePort, type KeyedCertificate, startGuarded } from './local-tools.ts'
import { privateFolder } from './private-folder.ts'

/** A running rsyslog that takes messages by TCP, in clear and by TLS. */
export interface Rsyslog {
  readonly port: number
  readonly tlsPort: number
  /** What it wrote, message by message, in the order in which it did. */
  readonly messages: () => readonly SyslogMessage[]
  readonly stop: () => Promise<void>
}

/** A message as rsyslog read it. */
export interface SyslogMessage {
  readonly priority: number
  readonly time: string
  readonly host: string
  readonly application: string
  readonly process: string
  readonly id: string
  readonly data: string
  readonly text: string
}

/** The fields of a line, in this order, before the text. */
const FIELDS = ['pri', 'timereported:::date-rfc3339', 'hostname', 'app-name', 'procid', 'msgid', 'structured-data']

/** Why there is no rsyslog here; null when there is one. */
export async function whyNoRsyslog(): Promise<string | null> {
  try {
    await program()
    return null
  } catch (error) {
    if (error instanceof ServerAbsent) return error.message
    throw error
  }
}

/** Starts rsyslog on private ports of 127.0.0.1, with this certificate. Throws `ServerAbsent`. */
export async function startRsyslog(certificate: KeyedCertificate, authority: string): Promise<Rsyslog> {
  const { command, leading, modules } = await program()
  const folder = privateFolder('rsyslog', null)
  const [port, tlsPort] = [await freePort(), await freePort()]
  const file = (name: string): string => join(folder, name)
  try {
    writeFileSync(file('ca.pem'), authority)
    writeFileSync(file('certificate.pem'), certificate.certificate)
    writeFileSync(file('key.pem'), certificate.key, { mode: 0o600 })
    writeFileSync(
      file('rsyslog.conf'),
      `
global(workDirectory="${folder}" maxMessageSize="8k"
  defaultNetstreamDriverCAFile="${file('ca.pem')}"
  defaultNetstreamDriverCertFile="${file('certificate.pem')}"
  defaultNetstreamDriverKeyFile="${file('key.pem')}")
module(load="imtcp")
input(type="imtcp" address="127.0.0.1" port="${String(port)}")
input(type="imtcp" address="127.0.0.1" port="${String(tlsPort)}"
  streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="fields" type="string" string="${FIELDS.map((field) => `%${field}%|`).join('')}%msg%\\n")
action(type="omfile" file="${file('received')}" template="fields")
`,
    )
    const server = await startGuarded({
      command,
      args: [...leading, '-n', '-f', file('rsyslog.conf'), '-i', file('pid'), '-M', modules],
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin' },
      user: null,
      logFile: file('log'),
      removeWhenDone: folder,
      signals: { ask: 'TERM', force: 'KILL' },
    })
    const deadline = Date.now() + 20_000
    for (const one of [port, tlsPort])
      while (!(await listens(one))) {
        if (!server.isRunning()) throw new Error(`rsyslog ended while starting: ${await server.ended}`)
        if (Date.now() > deadline) {
          await server.stop()
          throw new Error(`rsyslog did not listen within 20 seconds: ${await server.ended}`)
        }
        await sleep(20)
      }
    return { port, tlsPort, messages: () => read(file('received')), stop: server.stop }
  } catch (error) {
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

/** Rsyslog with its driver for TLS, and where its modules are. */
async function program(): Promise<Program & { readonly modules: string }> {
  const found = await debianProgram('rsyslog', 'usr/sbin/rsyslogd', ['rsyslog-gnutls'])
  const [driver] = globSync(join(found.root ?? '/', 'usr/lib/*/rsyslog/lmnsd_gtls.so'))
  if (driver === undefined) throw new ServerAbsent('rsyslog is here without its driver for TLS (rsyslog-gnutls)')
  return { ...found, modules: `${dirname(driver)}/` }
}

function read(file: string): readonly SyslogMessage[] {
  let text: string
  try {
    text = readFileSync(file, 'latin1')
  } catch {
    return []
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [priority, time = '', host = '', application = '', process = '', id = '', data = '', ...rest] =
        line.split('|')
      return {
        priority: Number(priority),
        time,
        host,
        application,
        process,
        id,
        data,
        text: rest.join('|').trimStart(),
      }
    })
}
