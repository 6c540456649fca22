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
import { isIP, isIPv4 } from 'node:net'
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
  /** A certificate of any shape, also one that nobody should accept. */
  readonly issue: (shape: CertificateShape) => KeyedCertificate
  /** An authority below this one. `permitted`: name constraints, which names its certificates may bear; default: any. */
  readonly subordinate: (commonName: string, permitted?: readonly AlternativeName[]) => CertificateAuthority
  /** A list of these certificates (PEM) as revoked, PEM. */
  readonly revocationList: (certificates: readonly string[], validity?: Validity) => string
}

/** What a certificate says of its holder. */
export interface CertificateShape {
  /** In the order they stand in the subject; the same attribute may come twice. */
  readonly subject: readonly (readonly [SubjectAttribute, string])[]
  readonly names?: readonly AlternativeName[]
  /** Extended key usage; default: clientAuth. Empty: the extension is left out. */
  readonly purposes?: readonly ('serverAuth' | 'clientAuth')[]
  /** True: CA:TRUE. Default: false. */
  readonly authority?: boolean
  readonly validity?: Validity
}

export type SubjectAttribute = 'commonName' | 'organizationalUnit' | 'organization'

/** A subject alternative name; in a name constraint, what such names must be below. */
export interface AlternativeName {
  readonly kind: 'dns' | 'ip' | 'email' | 'uri'
  readonly value: string
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
    subject: [['commonName', commonName]],
    issuer: commonName,
    publicKey,
    signingKey: privateKey,
    issuerKey: publicKey,
    validity: { notAfter: daysFromNow(3650), ...validity },
    extensions: authorityExtensions(),
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
  const certify = (
    subject: CertificateShape['subject'],
    extensions: readonly Buffer[],
    validity: Validity,
  ): KeyedCertificate => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const certificate = issue({ subject, issuer: name, publicKey, signingKey, issuerKey, validity, extensions })
    return { certificate, key: pem(privateKey) }
  }
  const leaf = (shape: CertificateShape): KeyedCertificate => {
    const { subject, names = [], purposes = ['clientAuth'], validity = {} } = shape
    const extensions =
      shape.authority === true
        ? authorityExtensions()
        : [
            extension(OID.basicConstraints, sequence(), true),
            extension(OID.keyUsage, bitString(Buffer.of(0b1000_0000), 7), true), // digitalSignature
          ]
    if (purposes.length > 0)
      extensions.push(
        extension(OID.extendedKeyUsage, sequence(...purposes.map((purpose) => objectIdentifier(OID[purpose]))), false),
      )
    if (names.length > 0)
      extensions.push(extension(OID.subjectAlternativeName, sequence(...names.map(generalName)), false))
    return certify(subject, extensions, validity)
  }
  return {
    ...own,
    forServer: (names, validity = {}) => {
      const [first] = names
      if (first === undefined) throw new Error('a server certificate needs a name')
      return leaf({
        subject: [['commonName', first]],
        names: names.map((value) => ({ kind: isIP(value) === 0 ? 'dns' : 'ip', value })),
        purposes: ['serverAuth'],
        validity,
      })
    },
    forClient: (commonName, validity = {}) => leaf({ subject: [['commonName', commonName]], validity }),
    issue: leaf,
    subordinate: (commonName, permitted = []) => {
      const extensions = [extension(OID.basicConstraints, sequence(truth()), true), certificateSigning()]
      const subtrees = permitted.map((permittedName) => sequence(generalName(permittedName)))
      if (subtrees.length > 0)
        extensions.push(extension(OID.nameConstraints, sequence(element(0xa0, ...subtrees)), true))
      const own = certify([['commonName', commonName]], extensions, { notAfter: daysFromNow(3650) })
      return authority(commonName, createPrivateKey(own.key), own)
    },
    revocationList: (certificates, validity = {}) => revocationList(name, signingKey, certificates, validity),
  }
}

/** The list, PEM (RFC 5280 section 5.1). */
function revocationList(
  issuer: string,
  signingKey: KeyObject,
  certificates: readonly string[],
  validity: Validity,
): string {
  const algorithm = sequence(objectIdentifier(OID.ecdsaWithSha256))
  const from = validity.notBefore ?? daysFromNow(-1)
  const revoked = certificates.map((certificate) =>
    sequence(integer(Buffer.from(new X509Certificate(certificate).serialNumber, 'hex')), time(from)),
  )
  const extensions = [
    extension(OID.authorityKeyIdentifier, sequence(element(0x80, keyIdentifier(createPublicKey(signingKey)))), false),
    extension(OID.revocationListNumber, integer(serialNumber()), false),
  ]
  const toBeSigned = sequence(
    integer(Buffer.of(1)), // version 2
    algorithm,
    distinguishedName([['commonName', issuer]]),
    time(from),
    time(validity.notAfter ?? daysFromNow(30)),
    ...(revoked.length === 0 ? [] : [sequence(...revoked)]),
    element(0xa0, sequence(...extensions)),
  )
  return armoured('X509 CRL', signed(toBeSigned, algorithm, signingKey))
}

const OID = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  organization: '2.5.4.10',
  organizationalUnit: '2.5.4.11',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAlternativeName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  revocationListNumber: '2.5.29.20',
  nameConstraints: '2.5.29.30',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const

interface Request {
  readonly subject: CertificateShape['subject']
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
    distinguishedName([['commonName', request.issuer]]),
    sequence(time(request.validity.notBefore ?? daysFromNow(-1)), time(request.validity.notAfter ?? daysFromNow(825))),
    distinguishedName(request.subject),
    spki(request.publicKey),
    element(0xa3, sequence(...extensions)),
  )
  return armoured('CERTIFICATE', signed(toBeSigned, algorithm, request.signingKey))
}

function signed(toBeSigned: Buffer, algorithm: Buffer, key: KeyObject): Buffer {
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, key)))
}

function armoured(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
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

function authorityExtensions(): Buffer[] {
  return [extension(OID.basicConstraints, sequence(truth(), integer(Buffer.of(1))), true), certificateSigning()]
}

function certificateSigning(): Buffer {
  return extension(OID.keyUsage, bitString(Buffer.of(0b0000_0110), 1), true) // keyCertSign, cRLSign
}

function distinguishedName(attributes: CertificateShape['subject']): Buffer {
  return sequence(...attributes.map(([name, value]) => set(sequence(objectIdentifier(OID[name]), utf8String(value)))))
}

/** A GeneralName: rfc822Name [1], dNSName [2], uniformResourceIdentifier [6] or iPAddress [7] (RFC 5280 section 4.2.1.6). */
function generalName({ kind, value }: AlternativeName): Buffer {
  switch (kind) {
    case 'email':
      return element(0x81, Buffer.from(value, 'latin1'))
    case 'dns':
      return element(0x82, Buffer.from(value, 'latin1'))
    case 'uri':
      return element(0x86, Buffer.from(value, 'latin1'))
    case 'ip':
      return element(0x87, isIPv4(value) ? Buffer.from(value.split('.').map(Number)) : ipv6Bytes(value))
    default:
      return kind satisfies never
  }
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
