/** Opens a source of each cloud without leasing, and prints which of their libraries were asked for: JSON. With an argument, leases from RDS too. */
import { registerHooks } from 'node:module'

const asked = new Set<string>()
registerHooks({
  resolve(specifier, context, next) {
    if (/^(?:@aws-sdk\/|@azure\/|google-auth-library)/.test(specifier)) asked.add(specifier)
    return next(specifier, context)
  },
})
const { credentialSchema, openSource } = await import('@gatehouse/upstream-credentials')
const { leaseRequest } = await import('@gatehouse/upstream-credentials/testing')
const log = { info: () => undefined, warn: () => undefined }
const [rds] = [
  { source: 'aws-rds-iam', region: 'eu-central-1' },
  { source: 'aws-secrets-manager', secretId: 'shop', region: 'eu-central-1' },
  { source: 'google-cloud-sql-iam' },
  { source: 'azure-entra' },
].map((settings) => openSource(credentialSchema('/').parse(settings), log))
if (process.argv.length > 2) await rds?.lease(leaseRequest({ user: 'gateway' }), AbortSignal.timeout(20_000))
process.stdout.write(JSON.stringify([...asked]))
