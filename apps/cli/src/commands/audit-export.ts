import { eventText, ocsfEvent, readTrailId, readRecords, verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { Command, InvalidArgumentError, Option } from 'commander'
import { asCsv, asHtml, asJsonLines, replaySession, type TrailOfSession } from '@gatehouse/session-replay'
import { CommandFailed } from '../exit-status.ts'
import { sessionIn } from './audit-replay.ts'
import { readKeys } from './audit-keys.ts'

/** `gatehouse audit export`. */
export function exportCommand(): Command {
  return new Command('export')
    .argument('<directory>', "the trail's directory, or that of a gateway with workers")
    .argument('<session>', "the session's id")
    .description('write a session to standard output')
    .addOption(
      new Option(
        '--format <format>',
        'jsonl: every event; csv: results; html: a report to print, with the verification result on it; ocsf: its records as OCSF events, one a line',
      )
        .choices(['jsonl', 'csv', 'html', 'ocsf'])
        .default('jsonl'),
    )
    .option('--statement <seq>', 'csv: the result of the statement with this record number; default: all', readSeq)
    .option(
      '--key <file>',
      'html: a public key in PEM that the trail must be sealed by; may be given several times',
      collect,
      [],
    )
    .action(run)
}

async function run(
  given: string,
  session: string,
  wish: {
    readonly format: 'jsonl' | 'csv' | 'html' | 'ocsf'
    readonly statement?: number
    readonly key: readonly string[]
  },
): Promise<void> {
  const { directory, found } = await sessionIn(given, session)
  const events = replaySession(directory, found)
  switch (wish.format) {
    case 'jsonl':
      return write(asJsonLines(events))
    case 'csv':
      return write(asCsv(events, wish.statement ?? null))
    case 'html': {
      const signed = wish.key.length > 0
      const trail = await verifyTrail(directory, signed ? { keys: readKeys(wish.key) } : {})
      const recordings = await verifyRecordings(directory, session, trail.removed)
      return write(asHtml(events, { session, trail, recordings, signed }))
    }
    case 'ocsf':
      return write(asOcsf(directory, found))
    default:
      throw wish.format satisfies never
  }
}

/** The events that a collector is sent of the session's records, under the same names; those of pieces of its recording aside. */
async function* asOcsf(directory: string, { records, omitted }: TrailOfSession): AsyncGenerator<string> {
  if (omitted > 0)
    throw new CommandFailed(
      'The session is too long to be exported at once; `gatehouse audit search --session` prints its records.',
    )
  const trail = readTrailId(directory)
  let gateway: unknown = null
  await readRecords(directory, { kinds: ['trail_opened'] }, (record) => {
    gateway = (record as { readonly trail?: { readonly gateway?: unknown } }).trail?.gateway
    return false
  })
  if (trail === null || typeof gateway !== 'string') throw new CommandFailed('It cannot be told which trail this is.')
  for (const record of records) yield `${eventText(ocsfEvent({ gateway, trail }, record))}\n`
}

/** Writes as fast as it is taken. */
async function write(texts: AsyncIterable<string>): Promise<void> {
  for await (const text of texts) {
    if (process.stdout.write(text)) continue
    await new Promise<void>((resolve) => process.stdout.once('drain', resolve))
  }
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function readSeq(value: string): number {
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('the number of a record, from 1 on')
}
