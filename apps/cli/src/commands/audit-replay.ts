import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { Command, InvalidArgumentError } from 'commander'
import { trailDirectories } from '@gatehouse/audit-trail'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { findSession, type ReplayEvent, replaySession, type TrailOfSession } from '@gatehouse/session-replay'
import { TerminalReplay } from '../replay-terminal.ts'

/** Nobody watches a pause for longer than this, whatever the speed. */
const LONGEST_PAUSE_MILLISECONDS = 10_000

/** `gatehouse audit replay`. */
export function replayCommand(): Command {
  return new Command('replay')
    .argument('<directory>', "the trail's directory, or that of a gateway with workers")
    .argument('<session>', "the session's id, as `audit search --kind session_start` prints it")
    .description('show a session as its client saw it: statements, decisions, masked rows, errors')
    .option('--speed <n>', 'with its pauses, n times as fast (1: as it was); default: without pauses', readSpeed)
    .option('--from <seq>', 'from the statement with this record number on', readSeq)
    .action(replay)
}

async function replay(
  given: string,
  session: string,
  { speed, from = 0 }: { readonly speed?: number; readonly from?: number },
): Promise<void> {
  const { directory, found } = await sessionIn(given, session)
  const shown = new TerminalReplay((text) => process.stdout.write(text))
  let begun = from === 0
  let before: number | null = null
  for await (const event of replaySession(directory, found)) {
    if (!begun) {
      if (event.kind !== 'record' || event.record.seq < from) continue
      begun = true
    }
    const time = timeOf(event)
    if (speed !== undefined && time !== null) {
      if (before !== null && time > before) {
        shown.flush()
        await sleep(Math.min((time - before) / speed, LONGEST_PAUSE_MILLISECONDS))
      }
      before = Math.max(before ?? 0, time)
    }
    shown.show(event)
  }
  shown.flush()
  if (found.chunks.length === 0)
    process.stderr.write('note: the session was not recorded: this is what the trail has of it\n')
}

/** The session, and the directory of the trail that it is in; ends the command where it is not there. */
export async function sessionIn(
  given: string,
  session: string,
): Promise<{ readonly directory: string; readonly found: TrailOfSession }> {
  if (!existsSync(given)) throw new CommandFailed(`There is no directory ${given}.`, ExitStatus.Usage)
  for (const directory of trailDirectories(given)) {
    const found = await findSession(directory, session)
    if (found !== null) return { directory, found }
  }
  throw new CommandFailed('There is no such session in this trail.')
}

function timeOf(event: ReplayEvent): number | null {
  const time = event.kind === 'record' ? Date.parse(event.record.time) : 'time' in event ? event.time : null
  return time === null || !Number.isFinite(time) || time === 0 ? null : time
}

function readSpeed(value: string): number {
  const speed = Number(value)
  if (speed > 0 && speed <= 1_000_000) return speed
  throw new InvalidArgumentError('a number above 0')
}

function readSeq(value: string): number {
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('the number of a record, from 1 on')
}
