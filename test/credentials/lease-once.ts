/**
 * Leases once in a process of its own, for libraries that keep what they found for the life of the process. Arguments: the settings of the
 * source, and how long to wait in milliseconds. Prints JSON: user and password, or how it was refused; and what was tried beside this machine.
 */
import { CredentialUnavailable, credentialSchema, openSource } from '@gatehouse/upstream-credentials'
import { leaseRequest, loopbackOnly } from '@gatehouse/upstream-credentials/testing'

const [, , settings = '', milliseconds = ''] = process.argv
const strays = loopbackOnly()
const log = { info: () => undefined, warn: () => undefined }
const source = openSource(credentialSchema('/').parse(JSON.parse(settings)), log)

async function lease(): Promise<object> {
  try {
    const signal = AbortSignal.timeout(Number(milliseconds))
    const { user, password } = await source.lease(leaseRequest({ user: 'gateway' }), signal)
    return { user, password: password?.expose().toString() }
  } catch (error) {
    if (error instanceof CredentialUnavailable) return { message: error.message, detail: error.detail }
    throw error
  }
}

process.stdout.write(JSON.stringify({ ...(await lease()), strays: strays.tried }))
process.exit()
