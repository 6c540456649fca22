import { verifyRecordings, verifyTrail } from '@gatehouse/audit-trail'
import { Command, InvalidArgumentError, Option } from 'commander'
import { asCsv, asHtml, asJsonLines, replaySession } from '@gatehouse/session-replay'
import { sessionIn } from './audit-replay.ts'
import { readKeys } from './audit-keys.ts'

/** `gatehouse audit export`. */
export function exportCommand(): Command {
  return new Command('export')
    .argument('<directory>', "the trail's directory")
    .argument('<session>', "the session's id")
    .description('write a session to standard output')
    .addOption(
      new Option(
        '--format <format>',
        'jsonl: every event; csv: results; html: a report to print, with the verification result on it',
      )
        .choices(['jsonl', 'csv', 'html'])
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
  directory: string,
  session: string,
  wish: { readonly format: 'jsonl' | 'csv' | 'html'; readonly statement?: number; readonly key: readonly string[] },
): Promise<void> {
  const events = replaySession(directory, await sessionIn(directory, session))
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
    default:
      throw wish.format satisfies never
  }
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
