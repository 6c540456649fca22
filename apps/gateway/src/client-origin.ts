import { readProxyHeader, ProxyProtocolError } from '@gatehouse/proxy-protocol'

/** What the first bytes of a connection say of whose it is. `incomplete`: not yet anything. */
export type OriginReading =
  | { readonly kind: 'incomplete' }
  /** `address` null: that of the connection itself. `rest`: what follows, of the chunk that was read last. */
  | { readonly kind: 'known'; readonly address: string | null; readonly rest: Buffer }
  /** `reason`: for operators. */
  | { readonly kind: 'refused'; readonly reason: string }

/**
 * Reads whose connection it is from its first bytes. A trusted sender must say so by a header of the PROXY protocol; nobody else may: such a
 * header is never guessed at.
 */
export class ClientOrigin {
  readonly #trusted: boolean
  /** All bytes before the chunk that is read. */
  #before: Buffer = Buffer.alloc(0)

  constructor(trusted: boolean) {
    this.#trusted = trusted
  }

  /** `chunk` may be reused once the rest was. Not to be called again after it was known or refused. */
  read(chunk: Buffer): OriginReading {
    const bytes = this.#before.length === 0 ? chunk : Buffer.concat([this.#before, chunk])
    try {
      const reading = readProxyHeader(bytes)
      switch (reading.kind) {
        case 'incomplete':
          // A copy, for the chunk is not ours; 4 KiB at most.
          this.#before = Buffer.from(bytes)
          return reading
        case 'absent':
          if (this.#trusted) return refused('a trusted sender sent no PROXY header')
          return { kind: 'known', address: null, rest: bytes }
        case 'header': {
          if (!this.#trusted) return refused(NOT_TRUSTED)
          const { header, length } = reading
          return {
            kind: 'known',
            address: header.kind === 'client' ? header.address : null,
            rest: bytes.subarray(length),
          }
        }
        default:
          throw reading satisfies never
      }
    } catch (error) {
      if (!(error instanceof ProxyProtocolError)) throw error
      return refused(this.#trusted ? error.message : NOT_TRUSTED)
    }
  }
}

const NOT_TRUSTED =
  'a PROXY header came from an address that is not among the trusted senders (proxyProtocol.trustedSenders)'

function refused(reason: string): OriginReading {
  return { kind: 'refused', reason }
}
