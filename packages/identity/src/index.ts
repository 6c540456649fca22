export { actorChainIn } from './actor-chain.ts'
export { CLIENT_AUTHENTICATIONS, SIGNATURE_ALGORITHMS } from './issuer-config.ts'
export { principalFromClaims } from './principal-from-claims.ts'
export { TokenVerifier } from './token-verifier.ts'
export { claimAt } from './claim-path.ts'
export type { ClaimPath } from './claim-path.ts'
export type {
  ClaimValue,
  IntrospectionConfig,
  IssuerConfig,
  RequiredClaim,
  SignatureAlgorithm,
} from './issuer-config.ts'
export type { Recheck, RecheckAnswer } from './recheck.ts'
export type { DiscoveryData, IdentityLog, TokenVerifierOptions } from './token-verifier.ts'
export type { Logout } from './logout-token.ts'
export type { TokenRefusal, TokenRefusalCode, TokenVerdict } from './token-verdict.ts'
