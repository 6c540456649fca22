import { type Grant, grantCovers } from './grant.ts'
import { runsUnseen } from './unseen.ts'
import { type AskedStatement, requestKey } from './request-key.ts'

/** What was found that lets a statement run: an approved request that was claimed for it, or a grant. */
export type Permission =
  | {
      readonly kind: 'approval'
      readonly id: string
      /** The key of the request that people approved. */
      readonly key: string
    }
  | {
      readonly kind: 'grant'
      readonly grant: Grant
      /** Milliseconds since the epoch. */
      readonly now: number
    }

let make: (id: string, key: string, asked: AskedStatement) => Approved

/** Proof that people approved one statement: only `clear` makes one, and it lets the statement run once. */
export class Approved {
  /** Of the approval request, or of the grant. */
  readonly id: string
  readonly #key: string
  readonly #types: AskedStatement['parameterTypes']
  readonly #settings: AskedStatement['settings']
  #used = false

  private constructor(id: string, key: string, asked: AskedStatement) {
    this.id = id
    this.#key = key
    this.#types = asked.parameterTypes
    this.#settings = asked.settings
  }

  /** Uses it up for this statement. False, and it is used up all the same: it was for another one, or used before. */
  useFor(statement: Omit<AskedStatement, 'parameterTypes' | 'settings'>): boolean {
    const fresh = !this.#used
    this.#used = true
    return fresh && this.#key === requestKey({ ...statement, parameterTypes: this.#types, settings: this.#settings })
  }

  static {
    make = (id, key, asked) => new Approved(id, key, asked)
  }
}

/** Clears a statement to run; null when the permission is not for it. */
export function clear(permission: Permission, asked: AskedStatement): Approved | null {
  if (runsUnseen(asked.facts)) return null
  const key = requestKey(asked)
  if (permission.kind === 'approval') return permission.key === key ? make(permission.id, key, asked) : null
  const { grant, now } = permission
  return grantCovers(grant, asked, now) ? make(grant.id, key, asked) : null
}
