import { type CredentialLease, CredentialUnavailable, type LeaseRequest } from './credential-source.ts'
import { LeasedSecret } from './leased-secret.ts'

/**
 * A lease of a credential that only the login needs: nobody takes it back, and its end ends nothing. Takes the bytes of `password` over.
 * `user`: what the source says, null where it says nothing. Throws `CredentialUnavailable` where the user is not known; the password is
 * overwritten then.
 */
export function staticLease(request: LeaseRequest, user: string | null, password: Buffer | null): CredentialLease {
  const secret = password === null ? null : new LeasedSecret(password)
  try {
    return {
      user: userOf(request, user),
      password: secret,
      dedicated: false,
      onEnd: () => undefined,
      release: () => {
        secret?.overwrite()
        return Promise.resolve()
      },
    }
  } catch (error) {
    secret?.overwrite()
    throw error
  }
}

/** The user to log in as. `given`: what the source says, null where it says nothing. Throws `CredentialUnavailable`. */
export function userOf(request: LeaseRequest, given: string | null): string {
  const { user } = request
  if (given !== null && (given === '' || given.length > 255 || given.includes('\0')))
    throw new CredentialUnavailable(
      'its credential names no usable user',
      'the user is empty, longer than 255 characters or holds a NUL',
    )
  if (user !== null && given !== null && user !== given)
    throw new CredentialUnavailable(
      'its credential is of another user than the one that is configured',
      `user is configured as ${user}; leave it out where the source says the user`,
    )
  const found = given ?? user
  if (found !== null) return found
  throw new CredentialUnavailable(
    'its credential names no user',
    'neither the source nor the target says which user to log in as: set user',
  )
}
