import { existsSync } from 'node:fs'
import { type RecordFilter, searchTrail, segmentName, verifyTrail } from '@gatehouse/audit-trail'
import type { RecordKind } from '@gatehouse/core'
import { Command, InvalidArgumentError } from 'commander'
import { CommandFailed, ExitStatus } from '../exit-status.ts'

const KINDS: readonly RecordKind[] = [
  'session_start',
  'login_refused',
  'intent',
  'outcome',
  'session_end',
  'approval_asked',
  'approval_decided',
  'approval_ended',
  'admin_action',
  'policy_loaded',
  'trail_opened',
  'trail_repaired',
  'segment_closed',
  'alarm',
]

export function auditCommand(): Command {
  const command = new Command('audit').description('the audit trail: verify it, search it')
  command
    .command('verify')
    .argument('<directory>', "the trail's directory")
    .description('walk the whole chain and name the first break; exit status 1 when there is one')
    .action(verify)
  command
    .command('search')
    .argument('<directory>', "the trail's directory")
    .description('print matching records, one JSON object a line, oldest first')
    .option('--session <id>', 'of this session')
    .option('--subject <subject>', 'on whose behalf')
    .option('--actor <actor>', 'which agent acted')
    .option('--target <target>', 'on this target')
    .option('--kind <kind>', `one of ${KINDS.join(', ')}`, readKind)
    .option('--since <time>', 'from this time on (UTC, 2026-01-31T12:00:00.000Z)')
    .option('--until <time>', 'before this time')
    .option('--text <text>', "somewhere in the statement's text")
    .action(search)
  return command
}

async function verify(directory: string): Promise<void> {
  mustExist(directory)
  const report = await verifyTrail(directory)
  for (const warning of report.warnings) process.stderr.write(`note: ${warning}\n`)
  const broken = report.firstBreak
  if (broken !== null) {
    throw new CommandFailed(
      `BROKEN at ${segmentName(broken.segment)}, line ${broken.line} (record ${broken.seq}): ${broken.what}\n${report.records} records before it are whole.`,
    )
  }
  process.stdout.write(
    `The trail is whole: ${report.records} records in ${report.segments} segments, head ${report.head?.hash ?? 'none'}.\n`,
  )
}

async function search(directory: string, filter: RecordFilter): Promise<void> {
  mustExist(directory)
  const { unreadableLines } = await searchTrail(directory, filter, (record) => {
    process.stdout.write(`${JSON.stringify(record)}\n`)
    return true
  })
  if (unreadableLines > 0)
    process.stderr.write(`note: ${unreadableLines} lines could not be read; \`gatehouse audit verify\` says where\n`)
}

function mustExist(directory: string): void {
  if (!existsSync(directory)) throw new CommandFailed(`There is no directory ${directory}.`, ExitStatus.Usage)
}

function readKind(value: string): RecordKind {
  const kind = KINDS.find((known) => known === value)
  if (kind === undefined) throw new InvalidArgumentError(`not a kind of record; one of ${KINDS.join(', ')}`)
  return kind
}
