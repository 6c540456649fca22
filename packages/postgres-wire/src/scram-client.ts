import { timingSafeEqual } from 'node:crypto'
import { ProtocolError } from './protocol-error.ts'
import { fromBase64, hmac, MAX_SCRAM_ITERATIONS, sha256, verifierOf, xor } from './scram-secrets.ts'

/**
 * What a client says about channel binding (RFC 5802, gs2-cbind-flag):
 * `unsupported` (no TLS), `not-offered` (TLS, but the server does not offer -PLUS), or the data to bind to.
 */
export type ScramChannelBinding =
  | { readonly kind: 'unsupported' }
  | { readonly kind: 'not-offered' }
  /** The hash of the server's certificate (RFC 5929). Needs the mechanism SCRAM-SHA-256-PLUS. */
  | { readonly kind: 'tls-server-end-point'; readonly data: Buffer }

/** What the server asks for: with it, `saltPassword` makes the salted password. */
export interface ScramChallenge {
  readonly salt: Buffer
  readonly iterations: number
}

const SERVER_FIRST = /^r=([\x21-\x2b\x2d-\x7e]{1,1024}),s=([A-Za-z0-9+/]{1,4096}={0,2}),i=([1-9]\d{0,8})(?:,.*)?$/s

/**
 * The client's side of one SCRAM-SHA-256(-PLUS) exchange (RFC 5802, RFC 7677): `first`, `readChallenge`, `final`,
 * `verify`, in this order and once each. Anything out of order, and anything the server says wrongly, throws
 * ProtocolError: the login failed.
 */
export class ScramClient {
  readonly #nonce: string
  readonly #gs2Header: string
  readonly #bindingInput: Buffer
  readonly #firstBare: string
  #serverFirst = ''
  #serverNonce = ''
  #challenge: ScramChallenge | undefined
  #serverSignature: Buffer | undefined

  /** `nonce`: 18 random bytes or more in base64, new for each exchange. PostgreSQL takes the user from start-up: leave it. */
  constructor(nonce: string, binding: ScramChannelBinding, user: string = '') {
    this.#nonce = nonce
    this.#gs2Header = gs2Header(binding)
    const data = binding.kind === 'tls-server-end-point' ? binding.data : Buffer.alloc(0)
    this.#bindingInput = Buffer.concat([Buffer.from(this.#gs2Header), data])
    this.#firstBare = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  }

  /** client-first-message: the data of SASLInitialResponse. */
  first(): Buffer {
    return Buffer.from(this.#gs2Header + this.#firstBare)
  }

  /** Reads server-first-message: the data of AuthenticationSASLContinue. */
  readChallenge(serverFirst: Buffer): ScramChallenge {
    if (this.#challenge !== undefined) throw new ProtocolError('UNEXPECTED_MESSAGE', 'a second SCRAM challenge')
    const text = serverFirst.toString('latin1')
    const [, nonce, salt64, iterations] = SERVER_FIRST.exec(text) ?? []
    const salt = salt64 === undefined ? undefined : fromBase64(salt64)
    if (nonce === undefined || salt === undefined) throw badProof('the server sent no SCRAM challenge')
    // A nonce that the server did not lengthen would let an old exchange be replayed.
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) throw badProof('not our SCRAM nonce')
    if (Number(iterations) > MAX_SCRAM_ITERATIONS) throw new ProtocolError('BAD_VALUE', 'too many SCRAM iterations')
    this.#serverFirst = text
    this.#serverNonce = nonce
    this.#challenge = { salt, iterations: Number(iterations) }
    return this.#challenge
  }

  /** client-final-message: the data of SASLResponse. */
  final(saltedPassword: Buffer): Buffer {
    if (this.#challenge === undefined) throw new ProtocolError('UNEXPECTED_MESSAGE', 'no SCRAM challenge was read')
    const { salt, iterations } = this.#challenge
    const { storedKey, serverKey } = verifierOf(saltedPassword, salt, iterations)
    const withoutProof = `c=${this.#bindingInput.toString('base64')},r=${this.#serverNonce}`
    const authMessage = `${this.#firstBare},${this.#serverFirst},${withoutProof}`
    const clientKey = hmac(saltedPassword, 'Client Key')
    if (!timingSafeEqual(sha256(clientKey), storedKey)) throw badProof('the salted password is not one')
    this.#serverSignature = hmac(serverKey, authMessage)
    const proof = xor(clientKey, hmac(storedKey, authMessage))
    return Buffer.from(`${withoutProof},p=${proof.toString('base64')}`)
  }

  /**
   * Checks server-final-message, the data of AuthenticationSASLFinal: that the server knows the password too. An
   * AuthenticationOk that comes without it must not be believed.
   */
  verify(serverFinal: Buffer): void {
    const text = serverFinal.toString('latin1')
    const signature = text.startsWith('v=') ? fromBase64(text.slice(2).split(',', 1)[0] ?? '') : undefined
    const expected = this.#serverSignature
    if (expected === undefined) throw new ProtocolError('UNEXPECTED_MESSAGE', 'no SCRAM proof was sent')
    if (signature?.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw badProof('the server did not prove that it knows the password')
    }
    this.#serverSignature = undefined
  }
}

function gs2Header(binding: ScramChannelBinding): string {
  switch (binding.kind) {
    case 'unsupported':
      return 'n,,'
    case 'not-offered':
      return 'y,,'
    case 'tls-server-end-point':
      return 'p=tls-server-end-point,,'
    default:
      return binding satisfies never
  }
}

function badProof(message: string): ProtocolError {
  return new ProtocolError('BAD_PROOF', message)
}
