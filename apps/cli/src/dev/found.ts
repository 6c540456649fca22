/** A program that was looked for: there, or absent for a stated reason. */
export type Had<Program> =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'absent'; readonly reason: string }
