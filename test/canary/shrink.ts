import type { Databases } from './databases.ts'
import { type Failure, judge } from './judge.ts'
import type { Unit } from './unit.ts'

/** Longest time for one failure. */
const MOST_ATTEMPTS = 250

/** A smaller unit that fails in the same way, by leaving out tokens of its statements. */
export async function shrink(databases: Databases, failure: Failure): Promise<readonly string[]> {
  if (failure.kind === 'laundered' || failure.what.startsWith('under masks of every kind'))
    return failure.unit.statements
  await databases.reset()
  let best = failure.unit.statements
  let attempts = 0
  const fails = async (statements: readonly string[]): Promise<boolean> => {
    if (++attempts > MOST_ATTEMPTS) return false
    const unit: Unit = { ...failure.unit, statements }
    const [[one], [two]] = await Promise.all([databases.one.run([unit]), databases.two.run([unit])])
    return one !== undefined && two !== undefined && judge(databases, unit, one, two)?.kind === failure.kind
  }
  for (const index of best.keys()) {
    let tokens = tokensOf(best[index] ?? '')
    for (let size = tokens.length >> 1; size > 0; size >>= 1) {
      for (let at = 0; at + size <= tokens.length;) {
        const fewer = [...tokens.slice(0, at), ...tokens.slice(at + size)]
        const tried = best.map((text, each) => (each === index ? fewer.join('') : text))
        if (await fails(tried)) {
          tokens = fewer
          best = tried
        } else at += size
      }
    }
  }
  return best
}

/** Words, literals, brackets, with the blanks before them. */
function tokensOf(sql: string): string[] {
  return sql.match(/\s*(?:'(?:[^']|'')*'|\$\$.*?\$\$|[\w.]+|[^\w\s])/g) ?? []
}
