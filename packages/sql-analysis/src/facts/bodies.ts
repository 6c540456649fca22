import type { Findings } from './findings.ts'

/** What cannot be said of a body in its caller's facts. */
export function isUnclear({ reason, dynamicSql, settings, files, programs }: Findings): boolean {
  return reason !== null || dynamicSql || settings.length + files.length + programs.length > 0
}

/** Adds to the reading what a body does when it runs. */
export function takeOver(reading: Findings, body: Findings): void {
  reading.beneath(body.accesses(), body.functions())
  const { accesses, functions } = body.beneathFacts()
  reading.beneath(accesses, functions)
  for (const { column, by } of body.decidingColumns()) reading.lookAt(column, by)
  reading.spend(body.writes.length)
  for (const write of body.writes) reading.writes.push(write)
  if (body.unboundedWrite) reading.unboundedWrite = true
  if (body.changesNames) reading.changesNames = true
  if (body.movesNames) reading.movesNames = true
  if (body.movesTexts) reading.movesTexts = true
}
