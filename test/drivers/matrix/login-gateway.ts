import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryHub, openMemoryCoordination } from '@gatehouse/coordination'
import { issueCredential } from '../../harness/issue-credential.ts'
import { startTestGateway, type TestGateway, type TestTarget } from '../../harness/start-gateway.ts'
import { makeAuthority } from '../../servers/certificates.ts'
import { startWiretap, type Wiretap } from './wiretap.ts'

/** A name and a secret to log in with. */
export interface Login {
  readonly user: string
  readonly secret: string
}

/** A gateway that takes nothing without TLS, for programs of the matrix. */
export interface LoginGateway {
  readonly gateway: TestGateway
  /** The name that the client certificate of `place` has, and no secret. */
  readonly certificate: () => Login
  /** A name and a secret of a session credential for the target. */
  readonly credential: (target: string) => Promise<Login>
  /** The environment that programs find it by. They come through the wiretap. */
  readonly place: Readonly<Record<string, string>>
  readonly wiretap: Wiretap
  readonly close: () => Promise<void>
}

/** What every target holds; the gateway shows of `ssn` the last four characters, and lets nobody drop anything. */
export const PEOPLE = `
CREATE TABLE people (id int PRIMARY KEY, ssn varchar(20));
INSERT INTO people VALUES (1, '123-45-6789');
`
export const MASKED = '*******6789'

/** Whom the client certificate names. */
const AGENT = 'ci-agent'

/** `schema`: what `people` stands in. */
export async function openLoginGateway(
  targets: Readonly<Record<string, TestTarget>>,
  schema: string,
): Promise<LoginGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-logins-'))
  const authority = makeAuthority('Gatehouse driver test authority')
  const { certificate, key } = authority.forServer(['localhost', '127.0.0.1'])
  const agents = makeAuthority('Gatehouse driver test agents')
  const shown = agents.forClient(AGENT)
  const write = (file: string, text: string): string => {
    writeFileSync(join(folder, file), text, { mode: 0o600 })
    return join(folder, file)
  }
  const hub = new MemoryHub()
  const shared = await openMemoryCoordination(hub)
  const gateway = await startTestGateway({
    targets,
    coordination: () => openMemoryCoordination(hub),
    policy: `
rules:
  - { name: agents-read, allow: { actions: [select], relations: ['${schema}.*', 'pg_catalog.*', 'information_schema.*'] } }
  - { name: never, deny: { actions: [drop] }, reason: 'Nothing is dropped here. Open a change request.' }
masks:
  - { name: ssn-end, columns: ['${schema}.people.ssn'], with: { partial: { keepLast: 4 } } }
`,
    listener: {
      allowClearTextPasswordOnLoopback: false,
      tls: { certificateFile: write('gateway.crt', certificate), keyFile: write('gateway.key', key) },
      clientCertificates: { authoritiesFile: write('agents.crt', agents.certificate), issuerName: 'x509:agents' },
    },
  })
  const wiretap = await startWiretap(gateway)
  return {
    gateway,
    certificate: () => ({ user: AGENT, secret: '' }),
    credential: async (target) => {
      const { name: user, secret } = await issueCredential(shared.credentials, { target })
      return { user, secret }
    },
    place: {
      GATEHOUSE_HOST: 'localhost',
      GATEHOUSE_PORT: String(wiretap.port),
      GATEHOUSE_CA: write('ca.crt', authority.certificate),
      GATEHOUSE_CERT: write('agent.crt', shown.certificate),
      GATEHOUSE_KEY: write('agent.key', shown.key),
      GATEHOUSE_ISSUER: gateway.issuer.url,
    },
    wiretap,
    close: async () => {
      await wiretap.close()
      await gateway.close()
      await shared.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
