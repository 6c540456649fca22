import { Command, InvalidArgumentError } from 'commander'
import { AdminClient, type AdminOptions } from '../admin-client.ts'
import { approvalCard, approvalList, approvalTable, decideOutcome, oneApproval } from '../approval-text.ts'
import { CommandFailed } from '../exit-status.ts'

/** After the stream was lost, it is opened anew this much later. */
const RETRY_MILLISECONDS = 2000

interface GrantOptions {
  readonly grant?: 'fingerprint' | 'actions'
  readonly seconds?: number
  readonly uses?: number
}

export function approvalsCommand(): Command {
  const command = new Command('approvals').description('see held statements, and approve or refuse them')
  adminOptions(command.command('list'))
    .option('--state <state>', 'pending, approved, refused, voided or expired', 'pending')
    .option('--all', 'in every state')
    .option('--json', 'as the service answers')
    .description('list requests, highest risk first')
    .action(list)
  adminOptions(command.command('show').argument('<id>', 'the request'))
    .option('--json', 'as the service answers')
    .description('show all there is to decide on')
    .action(show)
  adminOptions(command.command('approve').argument('<id>', 'the request'))
    .option('--reason <text>', 'why, for the record')
    .option(
      '--grant <covers>',
      'and grant it in advance: this shape (fingerprint), or these actions on these relations',
      readCovers,
    )
    .option('--seconds <n>', 'how long the grant lasts', readNumber)
    .option('--uses <n>', 'how often it may be used', readNumber)
    .description('let it run; exit status 1 when it was not approved')
    .action(approve)
  adminOptions(command.command('refuse').argument('<id>', 'the request'))
    .requiredOption('--reason <text>', 'why; the agent reads it')
    .description('say no')
    .action(refuse)
  adminOptions(command.command('watch')).description('show what is pending, whenever it changes').action(watch)
  return command
}

/** Adds what every command needs that asks the admin service. */
export function adminOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the admin service (default: GATEHOUSE_ADMIN_URL)')
    .option('--token-file <file>', 'a file with your token (default: the token in GATEHOUSE_TOKEN)')
}

async function list(options: AdminOptions & { state: string; all?: true; json?: true }): Promise<void> {
  const query = options.all === true ? '' : `?state=${encodeURIComponent(options.state)}`
  const answer = await clientOf(options).get(`/v1/approvals${query}`)
  if (options.json === true) return writeJson(answer)
  write(approvalTable(approvalList.parse(answer).approvals, Date.now(), process.stdout.columns ?? 160))
}

async function show(id: string, options: AdminOptions & { json?: true }): Promise<void> {
  const answer = await clientOf(options).get(pathOf(id))
  if (options.json === true) return writeJson(answer)
  write(approvalCard(oneApproval.parse(answer).approval, Date.now()))
}

async function approve(id: string, options: AdminOptions & GrantOptions & { reason?: string }): Promise<void> {
  const { reason, grant, seconds = 3600, uses } = options
  const wish = grant === undefined ? {} : { grant: { covers: grant, seconds, ...(uses === undefined ? {} : { uses }) } }
  await decide(options, `${pathOf(id)}/approve`, { ...(reason === undefined ? {} : { reason }), ...wish }, 'approved')
}

async function refuse(id: string, options: AdminOptions & { reason: string }): Promise<void> {
  await decide(options, `${pathOf(id)}/refuse`, { reason: options.reason }, 'refused')
}

async function decide(options: AdminOptions, path: string, body: object, wanted: string): Promise<void> {
  const { kind, have, need, approval } = decideOutcome.parse(await clientOf(options).post(path, body))
  if (kind === 'counted') return write(`${approval.id}: counted, ${have ?? 0} of ${need ?? 0}`)
  if (kind === 'decided') return write(`${approval.id}: ${approval.state}`)
  if (kind === 'same_approver')
    throw new CommandFailed(`${approval.id}: you have said yes before; another person must.`)
  throw new CommandFailed(`${approval.id}: not ${wanted}; it is ${approval.state} already.`)
}

async function watch(options: AdminOptions): Promise<void> {
  const client = clientOf(options)
  let shown = ''
  const look = async (): Promise<void> => {
    const { approvals } = approvalList.parse(await client.get('/v1/approvals?state=pending'))
    const table =
      approvals.length === 0
        ? 'nothing is pending'
        : approvalTable(approvals, Date.now(), process.stdout.columns ?? 160)
    const ids = approvals.map(({ id }) => id).join(' ')
    if (ids !== shown || shown === '') write(`${new Date().toISOString()}\n${table}\n`)
    shown = ids
  }
  // The first look must succeed: a wrong address or token is said, not tried again and again.
  await look()
  for (;;) {
    try {
      let opened = false
      for await (const event of client.events()) {
        // Whatever came between the last look and the stream's first event was told to nobody.
        if (!opened || event === 'approval' || event === 'resync') await look()
        opened = true
      }
    } catch (error) {
      process.stderr.write(`${error instanceof Error ? error.message : 'the stream was lost'}\n`)
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS))
  }
}

function clientOf(options: AdminOptions): AdminClient {
  return new AdminClient(options, process.env)
}

function pathOf(id: string): string {
  return `/v1/approvals/${encodeURIComponent(id)}`
}

function write(text: string): void {
  process.stdout.write(`${text}\n`)
}

function writeJson(answer: unknown): void {
  write(JSON.stringify(answer, null, 2))
}

function readCovers(value: string): 'fingerprint' | 'actions' {
  if (value === 'fingerprint' || value === 'actions') return value
  throw new InvalidArgumentError('fingerprint, or actions')
}

function readNumber(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('a number from 1 on')
}
