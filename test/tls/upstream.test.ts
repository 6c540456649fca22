import { createHash, X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createServer } from 'node:net'
import tls from 'node:tls'
import { createConnection } from 'mysql2/promise'
import { afterAll, describe, expect, inject, test, type TestContext } from 'vitest'
import { startTestGateway, type TestGateway, type TestTarget } from '../harness/start-gateway.ts'
import { ALLOW_ALL, present } from '../postgres/scene.ts'
import { WireClient } from '../postgres/wire-client.ts'
import { makeAuthority } from '../servers/certificates.ts'
import { targetOf } from '../mysql/scene.ts'
import { LOGINS } from '../servers/postgres.ts'

const { postgres18, mysql9 } = inject('servers')
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upstream-tls-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sha256 = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()

/** What a server shows, and its pins. */
interface Shown {
  readonly ofCertificate: string
  readonly ofKey: string
}

/** It lies beside its authority's. */
function serverCertificate({ caFile }: { readonly caFile: string }): X509Certificate {
  return new X509Certificate(readFileSync(join(dirname(caFile), 'server.crt')))
}

function pinsOf(certificate: X509Certificate): Shown {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return { ofCertificate: certificate.fingerprint256, ofKey: sha256(key).toString('base64') }
}

describe('PostgreSQL', () => {
  const place = (context: TestContext): { target: TestTarget; caFile: string; pins: Shown } => {
    const { tls: secured, host, port } = present(postgres18, context)
    if (secured === null)
      return context.skip('the server was started by somebody else, and has no certificates known here')
    const target = { host, port, database: 'postgres', ...LOGINS.scram }
    const shown = serverCertificate(secured)
    return { target, caFile: secured.caFile, pins: pinsOf(shown) }
  }

  const select = async (gateway: TestGateway, target: string): Promise<unknown> => {
    const { host, port } = gateway
    const client = await WireClient.login({ host, port }, { database: target, password: await gateway.token() })
    const rows = await client.rows('select ssl from pg_stat_ssl where pid = pg_backend_pid()')
    await client.end()
    return rows
  }

  test('a pinned certificate or key is enough with mode pinned, and comes beside what else is verified', async (context) => {
    const { target, caFile, pins } = place(context)
    const none = '0'.repeat(64)
    const lines: string[] = []
    const gateway = await startTestGateway({
      policy: ALLOW_ALL,
      logged: (line) => lines.push(line),
      targets: Object.fromEntries(
        Object.entries({
          certificate: { mode: 'pinned', pinnedSha256: [pins.ofCertificate] },
          key: { mode: 'pinned', pinnedSha256: [pins.ofKey] },
          either: { mode: 'pinned', pinnedSha256: [none, pins.ofKey] },
          both: { mode: 'verify-full', caFile, pinnedSha256: [pins.ofKey], minVersion: 'TLSv1.3' },
          other: { mode: 'pinned', pinnedSha256: [none] },
          verified: { mode: 'verify-full', caFile, pinnedSha256: [none] },
        }).map(([name, secured]) => [name, { ...target, tls: secured }]),
      ),
    })
    try {
      for (const name of ['certificate', 'key', 'either', 'both'])
        expect(await select(gateway, name), name).toEqual([['t']])
      for (const name of ['other', 'verified']) {
        await expect(select(gateway, name), name).rejects.toThrow(/^08006.*no verified TLS connection/)
        expect(lines.join('\n')).toMatch(/none of those pinned/)
      }
    } finally {
      await gateway.close()
    }
  })

  test('authorities are read again: what is trusted next is what the file says then, and a bad file changes nothing', async (context) => {
    const { target, caFile } = place(context)
    const own = join(folder, 'authorities.crt')
    writeFileSync(own, makeAuthority().certificate)
    const lines: string[] = []
    const gateway = await startTestGateway({
      policy: ALLOW_ALL,
      logged: (line) => lines.push(line),
      targets: { shop: { ...target, tls: { mode: 'verify-full', caFile: own } } },
    })
    try {
      await expect(select(gateway, 'shop')).rejects.toThrow('08006')
      writeFileSync(own, readFileSync(caFile))
      gateway.gateway.reloadCertificates()
      expect(await select(gateway, 'shop')).toEqual([['t']])
      writeFileSync(own, 'nobody')
      gateway.gateway.reloadCertificates()
      expect(await select(gateway, 'shop')).toEqual([['t']])
      expect(lines.join('\n')).toMatch(/targets\.shop\.tls.*holds no certificate in PEM.*last good ones stay/)
    } finally {
      await gateway.close()
    }
  })

  test('an upstream whose certificate was revoked is not logged in to', async (context) => {
    const { target } = place(context)
    const authority = makeAuthority()
    const server = authority.forServer(['localhost', '127.0.0.1'])
    // It answers SSLRequest and shakes hands: nothing more may come.
    const seen: number[] = []
    const listening = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.once('data', () => {
        socket.write('S')
        const secure = new tls.TLSSocket(socket, { isServer: true, cert: server.certificate, key: server.key })
        secure.on('error', () => undefined)
        secure.on('data', (bytes: Buffer) => seen.push(bytes.length))
      })
    })
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
    const address = listening.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const caFile = join(folder, 'revoking.crt')
    const crlFile = join(folder, 'revoking.crl')
    writeFileSync(caFile, authority.certificate)
    writeFileSync(crlFile, authority.revocationList([server.certificate]))
    const lines: string[] = []
    const gateway = await startTestGateway({
      policy: ALLOW_ALL,
      logged: (line) => lines.push(line),
      targets: { shop: { ...target, port, tls: { mode: 'verify-full', caFile, crlFile } } },
    })
    try {
      await expect(select(gateway, 'shop')).rejects.toThrow('08006')
      expect(lines.join('\n')).toMatch(/certificate revoked/i)
      expect(seen).toEqual([])
    } finally {
      await gateway.close()
      listening.close()
    }
  })
})

describe('MySQL', () => {
  if ('absent' in mysql9) return test.skip(mysql9.absent, () => undefined)
  const { address } = mysql9
  test('a pinned certificate of its own making is verified without an authority', async (context) => {
    const { tls: secured } = address
    if (secured === null) {
      context.skip('the server has no certificates known here')
      return
    }
    const pins = pinsOf(serverCertificate(secured))
    const target = targetOf(address, 'mysql')
    const gateway = await startTestGateway({
      policy: ALLOW_ALL,
      targets: {
        good: { ...target, tls: { mode: 'pinned', pinnedSha256: [pins.ofCertificate] } },
        bad: {
          ...target,
          tls: { mode: 'pinned', pinnedSha256: [pins.ofKey.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))] },
        },
      },
    })
    try {
      const enter = async (database: string) =>
        createConnection({
          host: gateway.host,
          port: gateway.port,
          user: 'copilot',
          connectTimeout: 20_000,
          password: await gateway.token(),
          database,
        })
      const connection = await enter('good')
      expect((await connection.query("show status like 'ssl_version'"))[0]).not.toEqual([])
      await connection.end()
      await expect(enter('bad')).rejects.toMatchObject({ errno: 1429 })
    } finally {
      await gateway.close()
    }
  })
})
