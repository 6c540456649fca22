import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Secret } from '@gatehouse/core'

/** Links that decide, each good for one use. */
export interface DecideLinks {
  readonly approve: string
  readonly refuse: string
}

/** What a link says, once its signature was found good. */
export interface LinkClaim {
  readonly approval: string
  readonly channel: string
  readonly verdict: 'approve' | 'refuse'
  /** Milliseconds since the epoch. */
  readonly until: number
}

const FORM = /^([a-z0-9]{1,64})\.([a-z0-9-]{1,40})\.([ar])\.([0-9a-z]{1,10})\.([-_A-Za-z0-9]{43})$/

/** Makes and reads links that decide. */
export class LinkSigner {
  readonly #key: Secret<string>
  readonly #former: readonly Secret<string>[]
  readonly #publicUrl: string

  /** `key` signs; `former` keys are good for links that were made before. */
  constructor(key: Secret<string>, former: readonly Secret<string>[], publicUrl: string) {
    this.#key = key
    this.#former = former
    this.#publicUrl = publicUrl
  }

  /** The links for a request in a channel. `until`: milliseconds since the epoch. */
  linksFor(approval: string, channel: string, until: number): DecideLinks {
    const link = (verdict: 'a' | 'r'): string => {
      const text = `${approval}.${channel}.${verdict}.${Math.floor(until).toString(36)}`
      return `${this.#publicUrl}/links/${text}.${mac(this.#key, text)}`
    }
    return { approve: link('a'), refuse: link('r') }
  }

  /** What the token in a link says; null: it was not made here. Whether it is still good is not looked at. */
  read(token: string): LinkClaim | null {
    const match = FORM.exec(token)
    if (match === null) return null
    const [, approval = '', channel = '', verdict, until = '', given = ''] = match
    const text = token.slice(0, token.lastIndexOf('.'))
    const genuine = [this.#key, ...this.#former].some((key) => isSame(mac(key, text), given))
    if (!genuine) return null
    return { approval, channel, verdict: verdict === 'a' ? 'approve' : 'refuse', until: Number.parseInt(until, 36) }
  }
}

function mac(key: Secret<string>, text: string): string {
  return createHmac('sha256', key.expose()).update(`gatehouse-decide-link-1\n${text}`).digest('base64url')
}

function isSame(one: string, other: string): boolean {
  const [left, right] = [Buffer.from(one), Buffer.from(other)]
  return left.length === right.length && timingSafeEqual(left, right)
}
