import type { CopyOut, OutputColumn, StatementFacts } from '@gatehouse/core'

/**
 * Facts of statements that do what either of two readings of one text says: what one of them does, reads or returns counts.
 * Null where that cannot be told, for they return rows of different shapes.
 */
export function mergedFacts(
  left: readonly StatementFacts[],
  right: readonly StatementFacts[],
): readonly StatementFacts[] | null {
  if (left.length !== right.length) return null
  const merged: StatementFacts[] = []
  for (const [index, statement] of left.entries()) {
    const other = right[index]
    const both = other === undefined ? null : mergedStatement(statement, other)
    if (both === null) return null
    merged.push(both)
  }
  return merged
}

function mergedStatement(left: StatementFacts, right: StatementFacts): StatementFacts | null {
  const output = mergedOutput(left.output, right.output)
  if (left.action !== right.action || output === undefined) return null
  return {
    action: left.action,
    accesses: [...left.accesses, ...right.accesses],
    functions: [...left.functions, ...right.functions],
    unboundedWrite: left.unboundedWrite || right.unboundedWrite,
    settings: [...left.settings, ...right.settings],
    files: [...left.files, ...right.files],
    programs: [...left.programs, ...right.programs],
    dynamicSql: left.dynamicSql || right.dynamicSql,
    output,
    ...mergedCopy(left.copyOut, right.copyOut),
    decides: [...left.decides, ...right.decides],
    writes: [...left.writes, ...right.writes],
    beneath: {
      accesses: [...left.beneath.accesses, ...right.beneath.accesses],
      functions: [...left.beneath.functions, ...right.beneath.functions],
    },
    names: right.names,
    changesNames: left.changesNames || right.changesNames,
    complete: left.complete && right.complete,
    reason: left.reason ?? right.reason,
  }
}

/** A stream whose form depends on the reading cannot be masked. */
function mergedCopy(left: CopyOut | undefined, right: CopyOut | undefined): { readonly copyOut?: CopyOut } {
  if (left === undefined || right === undefined) return {}
  const same = JSON.stringify(left) === JSON.stringify(right)
  return { copyOut: same ? left : { stream: null, reason: 'its columns may be of different types' } }
}

/** Undefined: the rows are of different shapes. */
function mergedOutput(
  left: readonly OutputColumn[] | null,
  right: readonly OutputColumn[] | null,
): readonly OutputColumn[] | null | undefined {
  if (left === null && right === null) return null
  if (left === null || right === null || left.length !== right.length) return undefined
  return left.map((column, index) => {
    const other = right[index] ?? column
    return {
      name: other.name,
      sources: [...column.sources, ...other.sources],
      through: [...column.through, ...other.through],
      complete: column.complete && other.complete,
      reason: column.reason ?? other.reason,
    }
  })
}
