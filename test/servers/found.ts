import type { Had } from './local-tools.ts'

export type { Had } from './local-tools.ts'

/** A server program that was looked for: there, at an address somebody gave, or absent for a stated reason. */
export type Found<Program> = Had<Program> | { readonly kind: 'address'; readonly url: string }

/** A server that cannot be had on this machine; the message says why, and a test that needs it skips with it. */
export class ServerAbsent extends Error {
  override readonly name = 'ServerAbsent'
}
