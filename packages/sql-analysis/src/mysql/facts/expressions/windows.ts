import type { Window } from '../../query-tree.ts'
import type { Reading } from '../reading.ts'
import type { Scope } from '../scope.ts'

/** What a window looks at: rows are put together by PARTITION BY, in the order of ORDER BY. */
export function readWindow(reading: Reading, window: Window, scope: Scope): void {
  for (const node of window.partitionBy) reading.decideEqual(reading.walk.expression(reading, node, scope))
  for (const { expression } of window.orderBy) reading.decide(reading.walk.expression(reading, expression, scope))
  for (const node of window.frame) reading.decide(reading.walk.expression(reading, node, scope))
}
