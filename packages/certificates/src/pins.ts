import { createHash, type X509Certificate } from 'node:crypto'

/** The SHA-256 of a certificate, or of its public key (SubjectPublicKeyInfo), 64 hexadecimal digits in lower case. */
export type Pin = string

/** Reads a pin: hexadecimal with or without colons, or base64 (of HPKP, of curl's `sha256//`). Null: it is none. */
export function readPin(text: string): Pin | null {
  const digits = text.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(digits)) return digits
  const base64 = text.replace(/^sha256\/\//, '')
  return /^[A-Za-z0-9+/]{43}=$/.test(base64) ? Buffer.from(base64, 'base64').toString('hex') : null
}

/** True when the certificate, or its public key, is one of those pinned. */
export function isPinned(certificate: X509Certificate, pins: readonly Pin[]): boolean {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return pins.includes(sha256(certificate.raw)) || pins.includes(sha256(key))
}

function sha256(bytes: Buffer): Pin {
  return createHash('sha256').update(bytes).digest('hex')
}
