import { FACETS, type TrailSummary } from '@gatehouse/audit-trail'
import { terminalLine, terminalTable } from './terminal-text.ts'

const VALUE_WIDTH = 60

/** A summary of a trail for a terminal: nothing that a stranger wrote is obeyed there. Ends with a line break. */
export function summaryText(summary: TrailSummary): string {
  const { statements, complete, countedFrom, facets, overTime, bucketSeconds, shapes, maskedBySubject } = summary
  const bounded = complete
    ? ''
    : `; only the newest records were counted, from ${terminalLine(countedFrom ?? '', 30)} on`
  const parts = [`${statements} statements${bounded}`]
  for (const facet of FACETS) {
    const rows = facets[facet].map(({ value, count }) => [line(value), String(count)])
    if (rows.length > 0) parts.push(terminalTable([[facet, 'records'], ...rows]))
  }
  const busy = overTime.filter((bucket) => bucket.statements > 0)
  if (busy.length > 0)
    parts.push(
      terminalTable([
        [`from (${bucketSeconds} s each, empty ones left out)`, 'statements', 'refused', 'failed', 'held'],
        ...busy.map((bucket) => [
          bucket.from,
          ...[bucket.statements, bucket.refused, bucket.failed, bucket.held].map(String),
        ]),
      ]),
    )
  if (shapes.length > 0)
    parts.push(
      terminalTable([
        ['fingerprint', 'statements', 'refused', 'one of them'],
        ...shapes.map(({ fingerprint, count, refused, text }) => [
          terminalLine(fingerprint, 40),
          String(count),
          String(refused),
          line(text),
        ]),
      ]),
    )
  if (maskedBySubject.length > 0)
    parts.push(
      terminalTable([
        ['masked for', 'column', 'statements'],
        ...maskedBySubject.map(({ subject, column, count }) => [line(subject), line(column), String(count)]),
      ]),
    )
  return `${parts.join('\n\n')}\n`
}

function line(text: string): string {
  return terminalLine(text, VALUE_WIDTH)
}
