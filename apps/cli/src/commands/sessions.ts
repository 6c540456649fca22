import { Command } from 'commander'
import * as z from 'zod'
import { AdminClient, type AdminOptions } from '../admin-client.ts'
import { age, terminalLine, terminalTable } from '../terminal-text.ts'
import { adminOptions } from './approvals.ts'

const sessionList = z.object({
  sessions: z.array(
    z.object({
      id: z.string(),
      gateway: z.string(),
      principal: z.object({ subject: z.string(), actor: z.string().nullable() }),
      target: z.string(),
      clientAddress: z.string(),
      startedAt: z.string(),
      state: z.string(),
      statements: z.number(),
    }),
  ),
})
const ending = z.object({ ended: z.boolean() })

export function sessionsCommand(): Command {
  const command = new Command('sessions').description('see live sessions of all gateways, and end them')
  adminOptions(command.command('list'))
    .option('--target <target>', 'of this target')
    .option('--subject <subject>', 'on whose behalf')
    .option('--json', 'as the service answers')
    .description('list sessions, newest first')
    .action(list)
  adminOptions(command.command('end').argument('<id>', 'the session'))
    .requiredOption('--reason <text>', 'why; the agent reads it')
    .description('end a session, and what it runs')
    .action(end)
  return command
}

async function list(
  options: AdminOptions & { readonly target?: string; readonly subject?: string; readonly json?: true },
): Promise<void> {
  const { target, subject, json } = options
  const query = new URLSearchParams({
    ...(target === undefined ? {} : { target }),
    ...(subject === undefined ? {} : { subject }),
  })
  const answer = await new AdminClient(options, process.env).get(`/v1/sessions?${query.toString()}`)
  if (json === true) {
    process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`)
    return
  }
  const rows = sessionList.parse(answer).sessions.map((session) => {
    const { id, principal, target: on, state, statements, startedAt, clientAddress, gateway } = session
    const who = principal.actor === null ? principal.subject : `${principal.actor} for ${principal.subject}`
    return [
      id,
      state,
      age(startedAt, Date.now()),
      terminalLine(who, 40),
      terminalLine(on, 20),
      String(statements),
      terminalLine(clientAddress, 45),
      terminalLine(gateway, 30),
    ]
  })
  const head = ['ID', 'STATE', 'AGE', 'WHO', 'TARGET', 'STATEMENTS', 'FROM', 'GATEWAY']
  process.stdout.write(`${terminalTable([head, ...rows])}\n`)
}

async function end(id: string, options: AdminOptions & { readonly reason: string }): Promise<void> {
  const client = new AdminClient(options, process.env)
  const answer = await client.post(`/v1/sessions/${encodeURIComponent(id)}/end`, { reason: options.reason })
  const { ended } = ending.parse(answer)
  process.stdout.write(ended ? `${id}: ended\n` : `${id}: its gateway was not reached; it ends when it is\n`)
}
