export {
  type CredentialLease,
  type CredentialSource,
  CredentialUnavailable,
  type LeaseRenewals,
  type LeaseRequest,
  type SourceLog,
} from './credential-source.ts'
export { LeasedSecret } from './leased-secret.ts'
export { openReference } from './open-reference.ts'
export { type CredentialConfig, credentialSchema, openSource } from './sources/open-source.ts'
export { type SourcedTarget, targetFault } from './sources/target-fault.ts'
