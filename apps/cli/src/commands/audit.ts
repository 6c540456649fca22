import { existsSync, writeFileSync } from 'node:fs'
import {
  type FoundCheckpoint,
  makeKeyPair,
  parseCheckpoint,
  segmentName,
  trailDirectories,
  type VerifyOptions,
  type VerifyReport,
  verifyRecordings,
  verifyTrail,
} from '@gatehouse/audit-trail'
import { Command, InvalidArgumentError } from 'commander'
import { readText } from '../explain-statement.ts'
import { exportCommand } from './audit-export.ts'
import { holdCommand } from './audit-hold.ts'
import { readKeys } from './audit-keys.ts'
import { replayCommand } from './audit-replay.ts'
import { searchCommand } from './audit-search.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'

export function auditCommand(): Command {
  const command = new Command('audit').description('the audit trail: verify it, search it, replay a session, export it')
  command
    .command('verify')
    .argument('<directory>', "the trail's directory, or that of a gateway with workers")
    .description('walk the whole chain and name the first break; exit status 1 when there is one')
    .option(
      '--key <file>',
      'a public key in PEM: every segment must be sealed by it; may be given several times',
      collect,
      [],
    )
    .option('--unsigned-until <segment>', 'segments up to this one are from before there was a key', readSegment)
    .option(
      '--checkpoints <file>',
      'checkpoints that were kept elsewhere, one a line; may be given several times',
      collect,
      [],
    )
    .option('--copy', 'it is a copy of what was shipped: without a checkpoint, and without the newest files')
    .option('--json', 'print the report as JSON')
    .action(verify)
  command
    .command('keygen')
    .argument('<name>', 'NAME.key and NAME.pub are written; neither may be there')
    .description('make an Ed25519 key: the private one seals the trail, the public one verifies it')
    .action(keygen)
  command.addCommand(searchCommand())
  command.addCommand(replayCommand())
  command.addCommand(exportCommand())
  command.addCommand(holdCommand())
  return command
}

interface VerifyWish {
  readonly key: readonly string[]
  readonly unsignedUntil?: number
  readonly checkpoints: readonly string[]
  readonly copy?: true
  readonly json?: true
}

async function verify(given: string, wish: VerifyWish): Promise<void> {
  mustExist(given)
  const { key, unsignedUntil, checkpoints } = wish
  if (unsignedUntil !== undefined && key.length === 0)
    throw new CommandFailed('--unsigned-until goes with --key.', ExitStatus.Usage)
  const trails = trailDirectories(given)
  if (trails.length === 1) return await verifyOne(trails[0] ?? given, wish)
  if (unsignedUntil !== undefined || checkpoints.length > 0)
    throw new CommandFailed(
      `--unsigned-until and --checkpoints speak of one trail; here are ${String(trails.length)}: ${trails.join(', ')}.`,
      ExitStatus.Usage,
    )
  let status: number = ExitStatus.Done
  for (const directory of trails) {
    if (wish.json !== true) process.stdout.write(`${directory}\n`)
    try {
      await verifyOne(directory, wish)
    } catch (error) {
      if (!(error instanceof CommandFailed)) throw error
      status = error.status
      process.stderr.write(`${error.message}\n`)
    }
  }
  if (status !== ExitStatus.Done) throw new CommandFailed('', status)
}

async function verifyOne(
  directory: string,
  { key, unsignedUntil, checkpoints, copy, json }: VerifyWish,
): Promise<void> {
  const begun = performance.now()
  const report = await verifyTrail(directory, {
    ...(key.length === 0 ? {} : { keys: readKeys(key) }),
    ...(unsignedUntil === undefined ? {} : { unsignedUntil }),
    checkpoints: checkpoints.flatMap(readCheckpoints),
    copy: copy === true,
    onProgress: progress(begun),
  })
  const recordings = await verifyRecordings(directory, undefined, report.removed, copy === true)
  if (json === true) process.stdout.write(`${JSON.stringify({ directory, ...report, recordings })}\n`)
  for (const warning of [...report.warnings, ...recordings.warnings]) process.stderr.write(`note: ${warning}\n`)
  const broken = report.firstBreak
  if (broken !== null) {
    throw new CommandFailed(
      `BROKEN at ${segmentName(broken.segment)}, line ${broken.line} (record ${broken.seq}): ${broken.what}\n${report.records} records before it are whole.`,
    )
  }
  if (recordings.firstBreak !== null)
    throw new CommandFailed(
      `BROKEN recording, ${recordings.firstBreak}\nThe trail itself is whole: ${report.records} records.`,
    )
  if (json === true) return
  process.stdout.write(
    `The trail is whole: ${report.records} records in ${report.segments} segments, head ${report.head?.hash ?? 'none'}.\n${recordings.chunks === 0 ? '' : `So are the recordings that it names: ${recordings.chunks} chunks.\n`}${removedText(report)}${provenText(report, key.length > 0)}`,
  )
}

/** What is not there, as the trail says itself; empty: nothing is. */
function removedText({ removed }: VerifyReport): string {
  const segments = new Set(removed.flatMap((removal) => ('segment' in removal ? [removal.file] : [])))
  const recordings = new Set(removed.flatMap((removal) => ('recording' in removal ? [removal.file] : [])))
  if (segments.size + recordings.size === 0) return ''
  return `It says itself what was removed by age: ${segments.size} segments, ${recordings.size} files of recordings.\n`
}

function provenText({ proven, records, head }: VerifyReport, signed: boolean): string {
  if (!signed) return 'Signatures were not looked at: --key FILE does.\n'
  const last = head?.seq ?? 0
  if (proven >= last) return `All ${records} are proven by signature.\n`
  return `Those up to number ${proven} are proven by signature; the ${last - proven} after it stand in no seal and no signed checkpoint yet.\n`
}

/** On a terminal, how far a long verification is; nothing before it has taken a second. */
function progress(begun: number): NonNullable<VerifyOptions['onProgress']> {
  return ({ segments, of, records }) => {
    if (!process.stderr.isTTY || performance.now() - begun < 1_000) return
    process.stderr.write(`\r${segments} of ${of} segments, ${records} records${segments === of ? '\n' : ''}`)
  }
}

function readCheckpoints(file: string): readonly FoundCheckpoint[] {
  const lines = readText(file).split('\n')
  return lines.flatMap((line, index) => {
    if (line.trim() === '') return []
    const found = parseCheckpoint(line)
    // A crash may leave half of the last line; anywhere else it is not what was kept.
    if (found === null && index < lines.length - 1)
      throw new CommandFailed(`${file}:${index + 1} is no checkpoint.`, ExitStatus.Usage)
    return found === null ? [] : [found]
  })
}

function keygen(name: string): void {
  const { id, privateKey, publicKey } = makeKeyPair()
  try {
    writeFileSync(`${name}.key`, privateKey, { mode: 0o600, flag: 'wx' })
    writeFileSync(`${name}.pub`, publicKey, { flag: 'wx' })
  } catch (error) {
    throw new CommandFailed(error instanceof Error ? error.message : String(error))
  }
  process.stdout.write(
    `Key ${id}: ${name}.key seals (audit: { signingKey: "file:${name}.key" }), ${name}.pub verifies (gatehouse audit verify DIR --key ${name}.pub).\n`,
  )
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}

function readSegment(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('the number of a segment, from 1 on')
}

function mustExist(directory: string): void {
  if (!existsSync(directory)) throw new CommandFailed(`There is no directory ${directory}.`, ExitStatus.Usage)
}
