export { type AddressRange, parseAddressRange } from './address-range.ts'
export { credentialNameIn, makeCredentialName } from './credential-name.ts'
export {
  CREDENTIAL_SCRAM_ITERATIONS,
  type CredentialVerifiers,
  fitsSecret,
  makeCredentialSecret,
  makeVerifiers,
  scramVerifierOf,
  storedPasswordOf,
} from './credential-verifiers.ts'
