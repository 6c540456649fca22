import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
  type KeyObject,
} from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import {
  bitString,
  element,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  truth,
  utf8String,
} from './der.ts'

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyedCertificate {
  readonly certificate: string
  readonly key: string
}

/** A certificate authority with P-256 keys. It signs for tests and for development, on one machine. */
export interface CertificateAuthority extends KeyedCertificate {
  /** A server certificate for these names and IP addresses (at least one), the first as its common name. */
  readonly forServer: (names: readonly string[], validity?: Validity) => KeyedCertificate
  /** A client certificate with this common name, the PostgreSQL user under `cert` authentication. */
  readonly forClient: (commonName: string, validity?: Validity) => KeyedCertificate
}

/** From when to when a certificate counts; by default from yesterday for 825 days (an authority: ten years). */
export interface Validity {
  readonly notBefore?: Date
  readonly notAfter?: Date
}

/** Makes a certificate authority. */
export function makeAuthority(
  commonName = 'Gatehouse development authority',
  validity: Validity = {},
): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificate = issue({
    subject: commonName,
    issuer: commonName,
    publicKey,
    signingKey: privateKey,
    issuerKey: publicKey,
    validity: { notAfter: daysFromNow(3650), ...validity },
    extensions: [
      extension(OID.basicConstraints, sequence(truth(), integer(Buffer.of(0))), true),
      extension(OID.keyUsage, bitString(Buffer.of(0b0000_0110), 1), true), // keyCertSign, cRLSign
    ],
  })
  return authority(commonName, privateKey, { certificate, key: pem(privateKey) })
}

/** An authority that was kept: certificate and key as `makeAuthority` gave them. Throws when they cannot be read. */
export function openAuthority(kept: KeyedCertificate): CertificateAuthority {
  const subject = /^CN=(.+)$/m.exec(new X509Certificate(kept.certificate).subject)?.[1]
  if (subject === undefined) throw new Error('the kept authority certificate names no common name')
  return authority(subject, createPrivateKey(kept.key), kept)
}

function authority(name: string, signingKey: KeyObject, own: KeyedCertificate): CertificateAuthority {
  const issuerKey = createPublicKey(signingKey)
  const leaf = (subject: string, names: readonly string[], purpose: string, validity: Validity): KeyedCertificate => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const extensions = [
      extension(OID.basicConstraints, sequence(), true),
      extension(OID.keyUsage, bitString(Buffer.of(0b1000_0000), 7), true), // digitalSignature
      extension(OID.extendedKeyUsage, sequence(objectIdentifier(purpose)), false),
    ]
    if (names.length > 0)
      extensions.push(extension(OID.subjectAlternativeName, sequence(...names.map(generalName)), false))
    const certificate = issue({ subject, issuer: name, publicKey, signingKey, issuerKey, validity, extensions })
    return { certificate, key: pem(privateKey) }
  }
  return {
    ...own,
    forServer: (names, validity = {}) => {
      const [first] = names
      if (first === undefined) throw new Error('a server certificate needs a name')
      return leaf(first, names, OID.serverAuth, validity)
    },
    forClient: (commonName, validity = {}) => leaf(commonName, [], OID.clientAuth, validity),
  }
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

interface Request {
  readonly subject: string
  readonly issuer: string
  readonly publicKey: KeyObject
  readonly signingKey: KeyObject
  readonly issuerKey: KeyObject
  readonly validity: Validity
  readonly extensions: readonly Buffer[]
}

/** The certificate, PEM (RFC 5280 section 4.1). */
function issue(request: Request): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256))
  const extensions = [
    ...request.extensions,
    extension(OID.subjectKeyIdentifier, octetString(keyIdentifier(request.publicKey)), false),
    extension(OID.authorityKeyIdentifier, sequence(element(0x80, keyIdentifier(request.issuerKey))), false),
  ]
  const toBeSigned = sequence(
    element(0xa0, integer(Buffer.of(2))), // version 3
    integer(serialNumber()),
    algorithm,
    distinguishedName(request.issuer),
    sequence(time(request.validity.notBefore ?? daysFromNow(-1)), time(request.validity.notAfter ?? daysFromNow(825))),
    distinguishedName(request.subject),
    spki(request.publicKey),
    element(0xa3, sequence(...extensions)),
  )
  const signature = sign('sha256', toBeSigned, request.signingKey)
  const der = sequence(toBeSigned, algorithm, bitString(signature))
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** 126 random bits; the first byte is neither zero nor negative, so that the integer is in its shortest form. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes
}

function extension(identifier: string, value: Buffer, critical: boolean): Buffer {
  return sequence(objectIdentifier(identifier), ...(critical ? [truth()] : []), octetString(value))
}

function distinguishedName(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier(OID.commonName), utf8String(commonName))))
}

/** A GeneralName: dNSName [2] or iPAddress [7] (RFC 5280 section 4.2.1.6). */
function generalName(name: string): Buffer {
  if (isIPv4(name)) return element(0x87, Buffer.from(name.split('.').map(Number)))
  if (isIPv6(name)) return element(0x87, ipv6Bytes(name))
  return element(0x82, Buffer.from(name, 'ascii'))
}

function ipv6Bytes(address: string): Buffer {
  // A URL's host is the address in its shortest form: hexadecimal groups with at most one `::`.
  const [left = '', right] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const head = groups(left)
  const rest = right === undefined ? [] : groups(right)
  const all = [...head, ...Array.from({ length: 8 - head.length - rest.length }, () => 0), ...rest]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]))
}

function keyIdentifier(key: KeyObject): Buffer {
  return createHash('sha1').update(spki(key)).digest()
}

function spki(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' })
}

function pem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function daysFromNow(days: number): Date {
  return new Date(Date.now() + days * 86_400_000)
}
