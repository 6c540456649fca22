import { timingSafeEqual } from 'node:crypto'
import { ProtocolError } from './protocol-error.ts'
import type { ScramVerifier } from './scram-secrets.ts'
import { fromBase64, hmac, sha256, xor } from './scram-secrets.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-256-PLUS'

const CLIENT_FIRST = /^((?:n|y|p=([A-Za-z0-9.-]{1,64})),(?:a=[^,]*)?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]{1,1024}))$/s
const CLIENT_FINAL = /^(c=([A-Za-z0-9+/]{1,8192}={0,2}),r=([\x21-\x2b\x2d-\x7e]{1,2048})),p=([A-Za-z0-9+/]{43}=)$/s

/**
 * The server's side of one SCRAM-SHA-256(-PLUS) exchange (RFC 5802, RFC 7677): `first`, then `final`, once each.
 * Anything wrong throws ProtocolError: `BAD_PROOF` for a wrong password or binding, `BAD_VALUE` for a malformed message.
 */
export class ScramServer {
  readonly #verifier: ScramVerifier
  readonly #nonce: string
  readonly #binding: Buffer | undefined
  #step: 'first' | 'final' | 'over' = 'first'
  #gs2Header = ''
  #bound = false
  #exchange = ''
  #fullNonce = ''

  /**
   * `nonce`: 18 random bytes or more in base64, new for each exchange. `endPoint`: the tls-server-end-point data
   * (RFC 5929) when -PLUS was offered to this client; undefined when it was not.
   */
  constructor(verifier: ScramVerifier, nonce: string, endPoint: Buffer | undefined) {
    this.#verifier = verifier
    this.#nonce = nonce
    this.#binding = endPoint
  }

  /** Reads client-first-message, returns server-first-message. The user named in it is ignored, as PostgreSQL does. */
  first(mechanism: ScramMechanism, clientFirst: Buffer): Buffer {
    this.#take('first')
    const match = CLIENT_FIRST.exec(clientFirst.toString('latin1'))
    const [, header, bindingType, bare, , clientNonce] = match ?? []
    if (header === undefined || bare === undefined || clientNonce === undefined) {
      throw new ProtocolError('BAD_VALUE', 'not a first SCRAM message')
    }
    if (header.includes('a=')) throw new ProtocolError('BAD_VALUE', 'a SCRAM authorization identity is not supported')
    this.#checkBinding(mechanism, header, bindingType)
    this.#gs2Header = header
    this.#fullNonce = clientNonce + this.#nonce
    const { salt, iterations } = this.#verifier
    const serverFirst = `r=${this.#fullNonce},s=${salt.toString('base64')},i=${iterations}`
    this.#exchange = `${bare},${serverFirst}`
    this.#step = 'final'
    return Buffer.from(serverFirst, 'latin1')
  }

  /** Checks client-final-message, returns server-final-message. Returning is the proof that the password is known. */
  final(clientFinal: Buffer): Buffer {
    this.#take('final')
    const match = CLIENT_FINAL.exec(clientFinal.toString('latin1'))
    const [, withoutProof, binding, nonce, proof64] = match ?? []
    if (withoutProof === undefined || binding === undefined || proof64 === undefined) {
      throw new ProtocolError('BAD_VALUE', 'not a final SCRAM message')
    }
    const proof = fromBase64(proof64)
    if (proof === undefined) throw new ProtocolError('BAD_VALUE', 'a SCRAM proof is not base64')
    if (nonce !== this.#fullNonce) throw new ProtocolError('BAD_PROOF', 'not the SCRAM nonce of this exchange')
    const data = this.#bound && this.#binding !== undefined ? this.#binding : Buffer.alloc(0)
    const expected = Buffer.concat([Buffer.from(this.#gs2Header, 'latin1'), data]).toString('base64')
    if (binding !== expected) throw new ProtocolError('BAD_PROOF', 'SCRAM channel binding does not match')

    const { storedKey, serverKey } = this.#verifier
    const authMessage = `${this.#exchange},${withoutProof}`
    const clientKey = xor(proof, hmac(storedKey, authMessage))
    if (!timingSafeEqual(sha256(clientKey), storedKey)) throw new ProtocolError('BAD_PROOF', 'the password is wrong')
    return Buffer.from(`v=${hmac(serverKey, authMessage).toString('base64')}`)
  }

  #checkBinding(mechanism: ScramMechanism, header: string, type: string | undefined): void {
    this.#bound = mechanism === 'SCRAM-SHA-256-PLUS'
    if (this.#bound !== (type !== undefined)) {
      throw new ProtocolError('BAD_VALUE', 'the SCRAM mechanism and its channel binding flag do not agree')
    }
    if (this.#bound && (type !== 'tls-server-end-point' || this.#binding === undefined)) {
      throw new ProtocolError('BAD_VALUE', 'a SCRAM channel binding that was not offered')
    }
    // The client could have bound and was told that it cannot: somebody in between took -PLUS out of the offer.
    if (header.startsWith('y') && this.#binding !== undefined) {
      throw new ProtocolError('BAD_PROOF', 'SCRAM channel binding was negotiated away')
    }
  }

  /** Each step works once: after a failed one nothing can follow. */
  #take(step: 'first' | 'final'): void {
    if (this.#step !== step) throw new ProtocolError('UNEXPECTED_MESSAGE', 'a SCRAM message out of order')
    this.#step = 'over'
  }
}
