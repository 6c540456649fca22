import type { X509Certificate } from 'node:crypto'
import { derContent, type DerElement } from './der.ts'

/** The certificates that lists revoke, known by who issued them and their number. */
export class RevokedCertificates {
  /** The numbers, by the name of the issuer. */
  readonly #numbers = new Map<string, Set<string>>()

  /** Reads lists in PEM, one each. Throws an Error where one cannot be read. Signatures and dates are not looked at. */
  constructor(lists: readonly string[]) {
    for (const list of lists) this.#read(Buffer.from(list.replaceAll(/-----[^-]*-----/g, ''), 'base64'))
  }

  /** True when a list of its issuer has its number. Throws an Error where the certificate cannot be read. */
  has(certificate: X509Certificate): boolean {
    if (this.#numbers.size === 0) return false
    const { issuer, number } = identityOf(certificate)
    return this.#numbers.get(issuer)?.has(number) ?? false
  }

  /** True when these lists have a number that those before have not, of another issuer than those of the chain. */
  revokesOthersSince(before: RevokedCertificates, chain: readonly X509Certificate[]): boolean {
    const own = new Set(chain.map((certificate) => identityOf(certificate).issuer))
    for (const [issuer, numbers] of this.#numbers) {
      if (own.has(issuer)) continue
      const known = before.#numbers.get(issuer)
      for (const number of numbers) if (known?.has(number) !== true) return true
    }
    return false
  }

  /** CertificateList ::= { tbsCertList { version?, signature, issuer, thisUpdate, nextUpdate?, revokedCertificates? … (section 5.1) */
  #read(list: Buffer): void {
    const fields = derContent(inner(derContent(list)[0]))
    const versioned = fields[0]?.tag === 0x02 ? 1 : 0
    const issuer = nameOf(inner(fields[versioned + 1]))
    const revoked = fields.slice(versioned + 2).find(({ tag }) => tag === 0x30)
    if (revoked === undefined) return
    const numbers = this.#numbers.get(issuer) ?? new Set()
    this.#numbers.set(issuer, numbers)
    for (const entry of derContent(revoked.whole)) numbers.add(inner(derContent(entry.whole)[0]).toString('hex'))
  }
}

function inner(element: DerElement | undefined): Buffer {
  if (element === undefined) throw new Error('a certificate or list without content')
  return element.whole
}

/** Certificate ::= { tbsCertificate { [0] version, serialNumber, signature, issuer … (RFC 5280 section 4.1) */
function identityOf({ raw }: X509Certificate): { readonly issuer: string; readonly number: string } {
  const fields = derContent(inner(derContent(raw)[0]))
  const versioned = fields[0]?.tag === 0xa0 ? 1 : 0
  return { issuer: nameOf(inner(fields[versioned + 2])), number: inner(fields[versioned]).toString('hex') }
}

/**
 * A name so that two that OpenSSL takes for the same are: whatever type of text an attribute has, letters in lower case, blanks once. An
 * attribute of another type is compared by its bytes.
 */
function nameOf(name: Buffer): string {
  const parts = derContent(name).map((set) =>
    derContent(set.whole).map((attribute) => {
      const [type, value] = derContent(attribute.whole)
      return [inner(type).toString('hex'), value === undefined ? '' : textOf(value)]
    }),
  )
  return JSON.stringify(parts)
}

function textOf({ tag, content, whole }: DerElement): string {
  const text = decoded(tag, content)
  if (text === null) return `#${whole.toString('hex')}`
  return text.trim().replaceAll(/\s+/g, ' ').toLowerCase()
}

function decoded(tag: number, content: Buffer): string | null {
  switch (tag) {
    case 0x0c: // UTF8String
    case 0x13: // PrintableString
    case 0x16: // IA5String
    case 0x1a: // VisibleString
      return content.toString('utf8')
    case 0x14: // TeletexString, which OpenSSL reads as Latin-1
      return content.toString('latin1')
    case 0x1e: // BMPString
      return content.length % 2 === 0 ? Buffer.from(content).swap16().toString('utf16le') : null
    default:
      return null
  }
}
