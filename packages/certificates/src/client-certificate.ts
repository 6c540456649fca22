import type { X509Certificate } from 'node:crypto'
import type { Principal } from '@gatehouse/core'
import { readAlternativeNames, type SubjectAlternativeName } from './alternative-names.ts'
import { trustDomainOf } from './spiffe-id.ts'

/**
 * Where in a certificate a name stands: the common name of its subject, or its subject alternative name of that kind. It
 * must be the only one of its kind. `spiffe-id`: the only URI, and a SPIFFE ID of the trust domain.
 */
export const NAME_SOURCES = ['common-name', 'email', 'uri', 'spiffe-id'] as const
export type NameSource = (typeof NAME_SOURCES)[number]

/** How a verified client certificate becomes a principal. */
export interface CertificateNaming {
  /** What policies, records and revocations know the certificates' authorities by, such as `x509:agents`. */
  readonly issuerName: string
  readonly subject: NameSource
  /** Null: a certificate names no agent. */
  readonly actor: NameSource | null
  readonly groups: 'none' | 'organizational-units'
  /** Of SPIFFE IDs; null: none are read. */
  readonly trustDomain: string | null
  /** A certificate that was issued for longer does not count; null: no limit. */
  readonly maxLifetimeSeconds: number | null
}

/** Why a certificate does not count. `detail` is for the log. */
export interface CertificateRefusal {
  readonly kind: 'refused'
  readonly detail: string
}

export type CertificateVerdict = { readonly kind: 'principal'; readonly principal: Principal } | CertificateRefusal

const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2'
/** The longest name, in characters; as of names in tokens. */
const MAX_NAME_LENGTH = 255
const MAX_SPIFFE_ID_LENGTH = 2048
// Control, format and separator characters let one name look like another in a log, a terminal or an approval.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** Thrown inside this file alone. */
class Unfit extends Error {}

/**
 * The principal that a client's certificate stands for, or why it stands for none. The chain was verified before, by the TLS
 * library: this is what beside has to be true of the certificate itself. The right ends with the certificate. `now`: milliseconds since the epoch.
 */
export function principalOfCertificate(
  certificate: X509Certificate,
  naming: CertificateNaming,
  now: number,
): CertificateVerdict {
  try {
    return { kind: 'principal', principal: read(certificate, naming, now) }
  } catch (error) {
    if (error instanceof Unfit) return { kind: 'refused', detail: error.message }
    throw error
  }
}

function read(certificate: X509Certificate, naming: CertificateNaming, now: number): Principal {
  const { validFromDate, validToDate } = certificate
  const begins = validFromDate.getTime()
  const expiresAt = validToDate.getTime()
  if (!(begins <= now && now < expiresAt)) throw new Unfit('it is not in date')
  const { maxLifetimeSeconds } = naming
  if (maxLifetimeSeconds !== null && expiresAt - begins > maxLifetimeSeconds * 1000)
    throw new Unfit(`it was issued for more than ${maxLifetimeSeconds} seconds`)
  if (certificate.ca) throw new Unfit('it is one of an authority')
  if (!(certificate.keyUsage ?? []).includes(CLIENT_AUTH)) throw new Unfit('its extended key usage lacks clientAuth')
  const names = readAlternativeNames(certificate.subjectAltName)
  if (names === null) throw new Unfit('its subject alternative names cannot be read')
  const attributes = subjectAttributes(certificate)
  const nameAt = (source: NameSource): string => nameFrom(source, attributes, names, naming.trustDomain)
  const groups = naming.groups === 'none' ? [] : all(attributes.OU).map((unit) => fit(unit, 'organizational unit'))
  return Object.freeze({
    subject: nameAt(naming.subject),
    actor: naming.actor === null ? null : nameAt(naming.actor),
    groups: Object.freeze(groups),
    issuer: naming.issuerName,
    claims: Object.freeze({
      cn: attributes.CN ?? null,
      ou: Object.freeze(all(attributes.OU)),
      email: valuesOf(names, 'email'),
      uri: valuesOf(names, 'URI'),
      dns: valuesOf(names, 'DNS'),
      fingerprint256: certificate.fingerprint256,
      serial: certificate.serialNumber,
      issued_by: certificate.issuer.replaceAll('\n', ', '),
    }),
    expiresAt,
  })
}

interface SubjectAttributes {
  readonly CN?: string | readonly string[]
  readonly OU?: string | readonly string[]
}

/** Node gives an attribute that comes several times as a list; none is escaped, as it is in `subject`. */
function subjectAttributes(certificate: X509Certificate): SubjectAttributes {
  return certificate.toLegacyObject().subject
}

function nameFrom(
  source: NameSource,
  attributes: SubjectAttributes,
  names: readonly SubjectAlternativeName[],
  trustDomain: string | null,
): string {
  switch (source) {
    case 'common-name':
      return fit(only(all(attributes.CN), 'common name'), 'common name')
    case 'email':
      return fit(only(valuesOf(names, 'email'), 'email address'), 'email address')
    case 'uri':
      return fit(only(valuesOf(names, 'URI'), 'URI'), 'URI')
    case 'spiffe-id': {
      const id = only(valuesOf(names, 'URI'), 'URI')
      const domain = trustDomainOf(id)
      if (domain === null) throw new Unfit('its URI is no SPIFFE ID of a workload')
      if (domain !== trustDomain) throw new Unfit(`its SPIFFE ID is of another trust domain than ${trustDomain}`)
      return fit(id, 'SPIFFE ID', MAX_SPIFFE_ID_LENGTH)
    }
    default:
      return source satisfies never
  }
}

function valuesOf(names: readonly SubjectAlternativeName[], kind: string): readonly string[] {
  return Object.freeze(names.filter((name) => name.kind === kind).map(({ value }) => value))
}

function all(attribute: string | readonly string[] | undefined): readonly string[] {
  if (attribute === undefined) return []
  return typeof attribute === 'string' ? [attribute] : attribute
}

function only(values: readonly string[], what: string): string {
  const [value] = values
  if (value === undefined) throw new Unfit(`it has no ${what}`)
  if (values.length > 1) throw new Unfit(`it has more than one ${what}`)
  return value
}

function fit(name: string, what: string, longest: number = MAX_NAME_LENGTH): string {
  if (name.trim() === '') throw new Unfit(`its ${what} is empty`)
  if (name.length > longest) throw new Unfit(`its ${what} is too long`)
  if (UNPRINTABLE.test(name)) throw new Unfit(`its ${what} holds an unprintable character`)
  return name
}
