import type { SecretReference } from '@gatehouse/configuration'
import { type CredentialSource, CredentialUnavailable } from './credential-source.ts'
import { staticLease } from './static-lease.ts'

/** A source that reads the password where the reference leads, each time. Null: there is no password. */
export function openReference(reference: SecretReference | null): CredentialSource {
  return {
    async lease(request) {
      if (reference === null) return staticLease(request, null, null)
      let password: Buffer
      try {
        password = await reference.read()
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        throw new CredentialUnavailable('its password cannot be read', detail)
      }
      return staticLease(request, null, password)
    },
    close: () => Promise.resolve(),
  }
}
