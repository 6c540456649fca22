import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer } from 'node:http'

/** A token issuer on a loopback port: metadata, keys, and tokens that last for the run. */
export interface Issuer {
  readonly url: string
  /** A token for the audience `gatehouse`, valid for two hours. */
  readonly token: (subject: string) => string
  readonly close: () => void
}

/** Starts an issuer with one ES256 key (RFC 7518 section 3.4). */
export async function startIssuer(): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'bench', alg: 'ES256', use: 'sig' }]
  let url = ''
  const server = createServer((request, response) => {
    const answer = request.url === '/jwks' ? { keys } : { issuer: url, jwks_uri: `${url}/jwks` }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the issuer has no port')
  url = `http://127.0.0.1:${String(address.port)}`
  return {
    url,
    token: (subject) => {
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: url,
        aud: 'gatehouse',
        sub: subject,
        azp: 'copilot',
        groups: ['ai-agents'],
        iat: now,
        exp: now + 7200,
      }
      const text = `${base64url({ alg: 'ES256', kid: 'bench' })}.${base64url(claims)}`
      return `${text}.${sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
    },
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
