import type { Random } from './random.ts'
import type { Mode, Touch } from './writing.ts'

/** Statements that belong together, and run in one transaction. */
export interface Unit {
  readonly seed: number
  readonly class: string
  readonly statements: readonly string[]
  /** Of the first statement. */
  readonly parameters: readonly string[]
  /** In which of the engine's ways they are sent. */
  readonly protocol: string
  readonly touches: ReadonlySet<Touch>
  /** It came from the table of side roads, and what it does with masked columns was not followed. */
  readonly side: boolean
  /** The answer differs between equal databases: only canaries can be looked for. */
  readonly varies: boolean
  /** Ends in COMMIT. */
  readonly commit: boolean
  /** Every statement in a transaction of its own: what definitions make can only be used behind their commit. */
  readonly alone: boolean
}

/** A unit before it is decided how it is sent. */
export interface Draft {
  readonly class: string
  readonly statements: readonly string[]
  readonly varies?: boolean
  readonly commit?: boolean
  readonly alone?: boolean
}

/** Statements about what is not a table of rows. `{text}` and the like are expressions over `people a` and `orders b`. */
export type SideRoad = Draft

/** Side roads of one statement each. */
export function each(name: string, ...texts: readonly string[]): readonly SideRoad[] {
  return texts.map((text) => ({ class: name, statements: [text] }))
}

/** As `each`; what they give differs from one database to the next, masked values or not. */
export function varying(name: string, ...texts: readonly string[]): readonly SideRoad[] {
  return texts.map((text) => ({ class: name, statements: [text], varies: true }))
}

/** How far the next unit goes. */
export function modeOf(random: Random): Mode {
  return random.weighted([
    [25, 'none'],
    [35, 'plain'],
    [40, 'wild'],
  ] as const)
}
