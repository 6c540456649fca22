import { type CredentialSource, CredentialUnavailable, type LeaseRequest } from './credential-source.ts'
import { serviceFailure } from './service-failure.ts'
import { staticLease } from './static-lease.ts'
import { withinSignal } from './within-signal.ts'

/** The longest token that a login is tried with, in bytes: PostgreSQL takes no more in a password message. */
const MAX_TOKEN_BYTES = 65_535

/** A token that is a password for a while. */
export interface LoginToken {
  /** Null: the token says nothing of it. */
  readonly user: string | null
  readonly token: string
}

/** How a cloud's library gives tokens. Both may take as long as they like and throw what they like. */
export interface TokenLibrary<Client> {
  /** Loads the library and makes what is kept of it: it keeps its own credentials, and for some clouds the token. */
  open(request: LeaseRequest): Promise<Client>
  read(client: Client, request: LeaseRequest, signal: AbortSignal): Promise<LoginToken>
}

/** A source of tokens that only a login needs, for one target. `service` is named in errors. */
export function tokenSource<Client>(service: string, library: TokenLibrary<Client>): CredentialSource {
  const closing = new AbortController()
  let client: Client | null = null
  async function read(request: LeaseRequest, signal: AbortSignal): Promise<LoginToken> {
    signal.throwIfAborted()
    const used = (client ??= await withinSignal(signal, library.open(request)))
    try {
      return await withinSignal(signal, library.read(used, request, signal))
    } catch (error) {
      // It may wait for a lost answer for ever, and let everybody after this one wait with it.
      if (signal.aborted && client === used) client = null
      throw error
    }
  }
  return {
    async lease(request, signal) {
      let found: LoginToken
      try {
        found = await read(request, AbortSignal.any([signal, closing.signal]))
      } catch (error) {
        throw serviceFailure(service, error)
      }
      return staticLease(request, found.user, usable(service, found.token))
    },
    close() {
      closing.abort()
      return Promise.resolve()
    },
  }
}

function usable(service: string, token: unknown): Buffer {
  const fault =
    typeof token !== 'string' || token === ''
      ? 'no token'
      : token.length > MAX_TOKEN_BYTES
        ? `a token of more than ${MAX_TOKEN_BYTES} bytes`
        : // Anything but visible ASCII is in no token, and a NUL or a line break could end it early.
          /^[\x21-\x7e]+$/.test(token)
          ? null
          : 'a token with characters that no token has'
  if (typeof token === 'string' && fault === null) return Buffer.from(token)
  throw new CredentialUnavailable(`no credential could be had from ${service}`, `it answered with ${fault}`)
}
