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

/**
 * A source of tokens that only a login needs. `service` is named in errors. `read` asks its library for one, each time; it may take as
 * long as it likes and throw what it likes.
 */
export function tokenSource(
  service: string,
  read: (request: LeaseRequest, signal: AbortSignal) => Promise<LoginToken>,
): CredentialSource {
  const closing = new AbortController()
  return {
    async lease(request, signal) {
      const either = AbortSignal.any([signal, closing.signal])
      let found: LoginToken
      try {
        either.throwIfAborted()
        found = await withinSignal(either, read(request, either))
      } catch (error) {
        throw serviceFailure(request, service, error)
      }
      return staticLease(request, found.user, usable(request, service, found.token))
    },
    close() {
      closing.abort()
      return Promise.resolve()
    },
  }
}

function usable({ target }: LeaseRequest, service: string, token: unknown): Buffer {
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
  throw new CredentialUnavailable(
    `target ${target}: no credential could be had from ${service}`,
    `it answered with ${fault}`,
  )
}
