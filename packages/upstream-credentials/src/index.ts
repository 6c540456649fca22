export {
  type CredentialLease,
  type CredentialSource,
  CredentialUnavailable,
  type LeaseRequest,
} from './credential-source.ts'
export { LeasedSecret } from './leased-secret.ts'
