import type { ReplayEvent, ShownText } from './records.ts'

/** A result, as the client saw it. */
export interface ResultBlock {
  readonly kind: 'result'
  readonly names: readonly string[]
  readonly rows: readonly (readonly (ShownText | null)[])[]
}

/** What came back for a statement, in order. */
export type AnswerBlock =
  | ResultBlock
  | Extract<ReplayEvent, { readonly kind: 'copy' | 'done' | 'report' | 'notification' | 'missing' }>

/** Puts events together: names and rows are one result; rows that come without names go on with the result before. */
export function blocksOf(events: readonly ReplayEvent[]): readonly AnswerBlock[] {
  const blocks: AnswerBlock[] = []
  for (const event of events) {
    switch (event.kind) {
      case 'record':
        break
      case 'columns':
        blocks.push({ kind: 'result', names: event.names, rows: [] })
        break
      case 'rows': {
        const last = blocks.at(-1)
        if (last?.kind === 'result') blocks[blocks.length - 1] = { ...last, rows: [...last.rows, ...event.rows] }
        else blocks.push({ kind: 'result', names: [], rows: event.rows })
        break
      }
      default:
        blocks.push(event)
    }
  }
  return blocks
}

/** How many rows there are in these blocks. */
export function rowCount(blocks: readonly AnswerBlock[]): number {
  return blocks.reduce((count, block) => count + (block.kind === 'result' ? block.rows.length : 0), 0)
}
