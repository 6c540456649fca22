import { createServer } from 'node:http'
import { answerJson, type LoopbackIssuer } from '@gatehouse/identity/testing'

/** What an issuer needs besides to hand out tokens by the device flow (RFC 8628), to whoever asks. */
export interface DeviceFlow {
  /** Codes that people would have been shown. */
  readonly userCodes: readonly string[]
  readonly close: () => Promise<void>
}

/**
 * Gives the issuer a device flow at an address of its own: nobody has to say yes, and the token is there at the second time of asking.
 * Its metadata names the addresses.
 */
export async function openDeviceFlow(issuer: LoopbackIssuer): Promise<DeviceFlow> {
  const userCodes: string[] = []
  const asked = new Set<string>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      const form = new URLSearchParams(body)
      if (request.url === '/device') {
        const number = String(userCodes.push(`CODE-${String(userCodes.length)}`))
        const answer = { device_code: number, user_code: userCodes.at(-1), verification_uri: `${issuer.url}/device` }
        return answerJson(response, { ...answer, expires_in: 300, interval: 1 })
      }
      const code = form.get('device_code') ?? ''
      if (asked.has(code))
        return void issuer.token().then((token) => answerJson(response, { access_token: token, token_type: 'Bearer' }))
      asked.add(code)
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ error: 'authorization_pending' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const url = `http://127.0.0.1:${String(typeof bound === 'object' && bound !== null ? bound.port : 0)}`
  issuer.metadataAnswer = (_, response) =>
    answerJson(response, {
      issuer: issuer.url,
      jwks_uri: `${issuer.url}/jwks`,
      device_authorization_endpoint: `${url}/device`,
      token_endpoint: `${url}/token`,
      response_types_supported: ['code'],
      grant_types_supported: ['urn:ietf:params:oauth:grant-type:device_code'],
    })
  return {
    userCodes,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
