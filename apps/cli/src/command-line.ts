import { Command } from 'commander'
import manifest from '../package.json' with { type: 'json' }

/** Each is read only when it is wanted: reading all of them takes longer than most of them do. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  dev: async () => (await import('./commands/dev.ts')).devCommand(),
  gateway: async () => (await import('./commands/gateway.ts')).gatewayCommand(),
  diagnose: async () => (await import('./commands/diagnose.ts')).diagnoseCommand(),
  admin: async () => (await import('./commands/admin.ts')).adminCommand(),
  approvals: async () => (await import('./commands/approvals.ts')).approvalsCommand(),
  sessions: async () => (await import('./commands/sessions.ts')).sessionsCommand(),
  login: async () => (await import('./commands/login.ts')).loginCommand(),
  logout: async () => (await import('./commands/login.ts')).logoutCommand(),
  token: async () => (await import('./commands/token.ts')).tokenCommand(),
  exec: async () => (await import('./commands/exec.ts')).execCommand(),
  snippet: async () => (await import('./commands/snippet.ts')).snippetCommand(),
  credentials: async () => (await import('./commands/credentials.ts')).credentialsCommand(),
  policy: async () => (await import('./commands/policy.ts')).policyCommand(),
  audit: async () => (await import('./commands/audit.ts')).auditCommand(),
}

/** The `gatehouse` command with its sub-command of this name alone; with all of them where there is none of it. */
export async function commandLine(wanted: string): Promise<Command> {
  const program = new Command('gatehouse')
    .description(
      'A gateway between AI coding agents and their databases: every statement read, decided, recorded; every sensitive value masked.',
    )
    .version(manifest.version, '-V, --version', 'print the version, and end')
    .showHelpAfterError('(--help says what is possible)')
    .exitOverride()
  const named = Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined
  const needed = ['-V', '--version'].includes(wanted) ? [] : named === undefined ? Object.values(COMMANDS) : [named]
  for (const command of needed) program.addCommand(await command())
  // Sub-commands inherit nothing of this by themselves.
  for (const command of everyCommand(program))
    command.exitOverride().showHelpAfterError('(--help says what is possible)')
  return program
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap((one) => everyCommand(one))]
}
