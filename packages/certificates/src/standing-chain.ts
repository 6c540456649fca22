import { X509Certificate } from 'node:crypto'
import type { TLSSocket, DetailedPeerCertificate } from 'node:tls'
import { RevokedCertificates } from './revocation-list.ts'

/** No chain that OpenSSL verifies is longer. */
const MAX_CHAIN = 100

/**
 * Whether a chain that was verified when its connection began still stands by the authorities and lists that are in use now. OpenSSL looks
 * at a chain in the handshake alone.
 */
export class ChainStanding {
  readonly #authorities: readonly X509Certificate[]
  readonly #revoked: RevokedCertificates

  /** Both in PEM; null: none. Throws an Error where one cannot be read. */
  constructor(authorities: string | null, lists: readonly string[]) {
    const each = authorities?.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []
    this.#authorities = each.map((text) => new X509Certificate(text))
    this.#revoked = new RevokedCertificates(lists)
  }

  /**
   * Why the chain does not stand; null: it does. `before`: what it was verified by. A list that is out of date or missing is no reason: it stops
   * logins.
   */
  faultOf(chain: readonly X509Certificate[], before: ChainStanding): string | null {
    const revoked = this.revokedIn(chain, before)
    if (revoked !== null) return revoked
    const whole = this.#isVouchedFor(chain) || before.#isVouchedFor(chain) || isWhole(chain)
    const vouchedFor = whole ? this.#isVouchedFor(chain) : before.#authorities.every((some) => this.#lists(some))
    return vouchedFor ? null : NOT_VOUCHED_FOR
  }

  /** The same by the lists alone. */
  revokedIn(chain: readonly X509Certificate[], before: ChainStanding): string | null {
    const at = chain.findIndex((certificate) => this.#revoked.has(certificate))
    if (at === 0) return 'its client certificate was revoked'
    if (at > 0) return AUTHORITY_REVOKED
    if (isWhole(chain) || this.#isVouchedFor(chain) || before.#isVouchedFor(chain)) return null
    // Who is between the last one that is known and an authority cannot be told: it may be what was revoked.
    return this.#revoked.revokesOthersSince(before.#revoked, chain) ? AUTHORITY_REVOKED : null
  }

  #isVouchedFor(chain: readonly X509Certificate[]): boolean {
    return chain.some((certificate) => this.#authorities.some((authority) => isIssuedBy(certificate, authority)))
  }

  #lists(authority: X509Certificate): boolean {
    return this.#authorities.some(({ raw }) => raw.equals(authority.raw))
  }
}

const AUTHORITY_REVOKED = 'an authority of its client certificate was revoked'
const NOT_VOUCHED_FOR = 'the authority of its client certificate does not count any more'

/** True when the chain leads to one that stands for itself. */
function isWhole(chain: readonly X509Certificate[]): boolean {
  const last = chain.at(-1)
  return last?.checkIssued(last) ?? false
}

/** Only what stands for itself is an authority: one that another has signed leads nowhere where that one is gone. */
function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  if (!authority.checkIssued(authority)) return false
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

/**
 * The certificates that the other side of a connection showed, its own first, with the authority that vouches for them where it is known. Node
 * 24.21 and 26.8 give a server no more than the first where others were shown (nodejs/node#65579).
 */
export function shownChain(socket: TLSSocket): readonly X509Certificate[] {
  const chain: X509Certificate[] = []
  // Null once the socket is closed, and without content where none was shown.
  let next: DetailedPeerCertificate | null | undefined = socket.getPeerCertificate(true)
  while (Buffer.isBuffer(next?.raw) && chain.length < MAX_CHAIN) {
    chain.push(new X509Certificate(next.raw))
    // The last one names itself.
    next = next.issuerCertificate === next ? undefined : next.issuerCertificate
  }
  return chain
}
