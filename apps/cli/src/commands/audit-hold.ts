import { Command } from 'commander'
import * as z from 'zod'
import { AdminClient, type AdminOptions } from '../admin-client.ts'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { age, terminalLine, terminalTable } from '../terminal-text.ts'
import { adminOptions } from './approvals.ts'

const hold = z.object({
  id: z.string(),
  what: z.union([z.object({ session: z.string() }), z.object({ subject: z.string() })]),
  reason: z.string(),
  by: z.object({ subject: z.string() }),
  at: z.string(),
  lifted: z.object({ at: z.string() }).nullable(),
})
const holdList = z.object({ legalHolds: z.array(hold) })
const oneHold = z.object({ legalHold: hold })

/** `gatehouse audit hold`. */
export function holdCommand(): Command {
  const command = new Command('hold').description('legal holds: what is not removed, whatever its age')
  adminOptions(command.command('list'))
    .option('--all', 'also those that were lifted within 90 days')
    .option('--json', 'as the service answers')
    .description('list legal holds, newest first')
    .action(list)
  adminOptions(command.command('set'))
    .option('--session <id>', 'all that names this session')
    .option('--subject <subject>', 'all that was done on behalf of this subject')
    .requiredOption('--reason <text>', 'why, for the record')
    .description('put something on hold, on every gateway')
    .action(set)
  adminOptions(command.command('lift').argument('<id>', 'the hold'))
    .option('--reason <text>', 'why, for the record')
    .description('lift a hold: what is older than is kept goes with the next look at it')
    .action(lift)
  return command
}

async function list(options: AdminOptions & { readonly all?: true; readonly json?: true }): Promise<void> {
  const answer = await new AdminClient(options, process.env).get('/v1/legal-holds')
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  const holds = holdList.parse(answer).legalHolds.filter(({ lifted }) => options.all === true || lifted === null)
  const rows = holds.map(({ id, what, reason, by, at, lifted }) => [
    id,
    'session' in what ? 'session' : 'subject',
    terminalLine('session' in what ? what.session : what.subject, 60),
    age(at, Date.now()),
    terminalLine(by.subject, 40),
    lifted === null ? 'in force' : `lifted ${age(lifted.at, Date.now())} ago`,
    terminalLine(reason, 60),
  ])
  process.stdout.write(`${terminalTable([['ID', 'KIND', 'WHAT', 'AGE', 'BY', 'STATE', 'REASON'], ...rows])}\n`)
}

async function set(
  options: AdminOptions & { readonly session?: string; readonly subject?: string; readonly reason: string },
): Promise<void> {
  const { session, subject, reason } = options
  if ((session === undefined) === (subject === undefined))
    throw new CommandFailed('Say what to hold: --session or --subject, one of them.', ExitStatus.Usage)
  const what = session === undefined ? { kind: 'subject', subject } : { kind: 'session', session }
  const answer = await new AdminClient(options, process.env).post('/v1/legal-holds', { what, reason })
  process.stdout.write(`${oneHold.parse(answer).legalHold.id}: in force\n`)
}

async function lift(id: string, options: AdminOptions & { readonly reason?: string }): Promise<void> {
  const query = options.reason === undefined ? '' : `?${new URLSearchParams({ reason: options.reason }).toString()}`
  await new AdminClient(options, process.env).delete(`/v1/legal-holds/${encodeURIComponent(id)}${query}`)
  process.stdout.write(`${id}: lifted\n`)
}
