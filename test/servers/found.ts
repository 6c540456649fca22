/** A server program that was looked for: there, at an address somebody gave, or absent for a stated reason. */
export type Found<Program> = Had<Program> | { readonly kind: 'address'; readonly url: string }

/** The same, where an address is no choice. */
export type Had<Program> =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'absent'; readonly reason: string }

/** A server that cannot be had on this machine; the message says why, and a test that needs it skips with it. */
export class ServerAbsent extends Error {
  override readonly name = 'ServerAbsent'
}
