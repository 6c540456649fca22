import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type HeldNames, replaceByLine } from '@gatehouse/audit-trail'
import type { LegalHold, LegalHolds } from '@gatehouse/coordination'
import * as z from 'zod'

/** Beside the segments. */
const NAME = 'legal-holds.json'

const identity = z.strictObject({ issuer: z.string(), subject: z.string(), actor: z.string().nullable() })
const kept: z.ZodType<readonly LegalHold[]> = z.array(
  z.strictObject({
    id: z.string(),
    at: z.number(),
    what: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('session'), session: z.string() }),
      z.strictObject({ kind: z.literal('subject'), subject: z.string() }),
    ]),
    reason: z.string(),
    by: identity,
    lifted: z.null(),
    until: z.null(),
  }),
)

/**
 * The legal holds that are in force, with a copy of them beside the trail: a store that has lost its memory gets them back from there, and
 * only what the store knows to be lifted is.
 */
export class KeptHolds {
  readonly #path: string
  readonly #holds: LegalHolds
  readonly #stop: () => void
  #turn: Promise<unknown> = Promise.resolve()

  /** `failed`: a change could not be kept; it is with the next one, or the next question. */
  constructor(directory: string, holds: LegalHolds, failed: (error: unknown) => void) {
    this.#path = join(directory, NAME)
    this.#holds = holds
    this.#stop = holds.onChange(() => void this.names().catch(failed))
  }

  /** What is held now. Rejects when the store cannot be asked, or the copy not be read or written: then nothing is known. */
  names(): Promise<HeldNames> {
    const next = this.#turn.then(() => this.#merge())
    this.#turn = next.catch(() => undefined)
    return next
  }

  /** Ends the copy, and waits for what is under way. Never rejects. */
  async close(): Promise<void> {
    this.#stop()
    await this.#turn
  }

  async #merge(): Promise<HeldNames> {
    const known = new Map((await this.#holds.list()).map((hold) => [hold.id, hold]))
    const before = await this.#read()
    for (const hold of before) {
      if (known.has(hold.id)) continue
      await this.#holds.restore(hold)
      known.set(hold.id, hold)
    }
    const inForce = [...known.values()].filter(({ lifted }) => lifted === null)
    if (JSON.stringify(inForce) !== JSON.stringify(before)) await replaceByLine(this.#path, JSON.stringify(inForce))
    return {
      sessions: inForce.flatMap(({ what }) => (what.kind === 'session' ? [what.session] : [])),
      subjects: inForce.flatMap(({ what }) => (what.kind === 'subject' ? [what.subject] : [])),
    }
  }

  async #read(): Promise<readonly LegalHold[]> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
    try {
      return kept.parse(JSON.parse(text))
    } catch (cause) {
      throw new Error(
        `${this.#path} is no copy of legal holds: nothing is removed until it is put right or taken away`,
        {
          cause,
        },
      )
    }
  }
}
