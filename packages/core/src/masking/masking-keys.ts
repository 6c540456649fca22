import { createHmac } from 'node:crypto'
import { Secret } from '../auth/secret.ts'
import { MaskNotApplicable } from './cell-mask.ts'
import { KeyedStream } from './keyed-stream.ts'

/** What the two uses of one configured key are told apart by. Changing one changes every value it masks. */
const hashLabel = 'gatehouse masking key'
const pseudonymLabel = 'gatehouse pseudonym key'
/** Far below what the gateway's configuration asks for. */
const minKeyCharacters = 16
/** Domains whose streams are kept ready. */
const maxKeptStreams = 256

/**
 * The keys of keyed masks by id, and the current one, which masks use that name none. Every use has a key of its own,
 * derived with HMAC-SHA-256: one for `hash`, and one for each domain of `pseudonym`.
 */
export class MaskingKeys {
  readonly #keys: ReadonlyMap<string, Secret<string>>
  readonly #current: string
  readonly #streams = new Map<string, KeyedStream>()

  /** `current` must be one of the ids; else every mask that names no key throws. */
  constructor(keys: ReadonlyMap<string, Secret<string>>, current: string) {
    this.#keys = keys
    this.#current = current
  }

  /** One key, without an id that a mask could name. */
  static single(key: Secret<string>): MaskingKeys {
    return new MaskingKeys(new Map([['', key]]), '')
  }

  /** The key of `hash`, 32 bytes. `id` null: the current one. Throws `MaskNotApplicable` for an id there is not and for a key that is too short. */
  hashKey(id: string | null): Secret<Buffer> {
    return new Secret(this.#derive(id, hashLabel))
  }

  /** The stream of `pseudonym` in a domain. `id` null: the current key. Throws `MaskNotApplicable` for an id there is not. */
  pseudonymStream(id: string | null, domain: string): KeyedStream {
    const name = JSON.stringify([id ?? this.#current, domain])
    const kept = this.#streams.get(name)
    if (kept !== undefined) return kept
    const key = createHmac('sha256', this.#derive(id, pseudonymLabel)).update(domain).digest()
    const stream = new KeyedStream(key)
    if (this.#streams.size >= maxKeptStreams) this.#streams.clear()
    this.#streams.set(name, stream)
    return stream
  }

  #derive(id: string | null, label: string): Buffer {
    const key = this.#keys.get(id ?? this.#current)
    if (key !== undefined && key.expose().length < minKeyCharacters) {
      throw new MaskNotApplicable(`a masking key must hold at least ${minKeyCharacters} characters`)
    }
    if (key === undefined) throw new MaskNotApplicable(`there is no masking key ${JSON.stringify(id ?? this.#current)}`)
    return createHmac('sha256', key.expose()).update(label).digest()
  }
}
