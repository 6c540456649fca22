/** Certificates made on the fly: an authority, and server and client certificates for names and addresses. */
export { makeAuthority, openAuthority } from './local-tools.ts'
export type { CertificateAuthority, CertificateShape, KeyedCertificate, Validity } from './local-tools.ts'
