#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { adminCommand } from './commands/admin.ts'
import { approvalsCommand } from './commands/approvals.ts'
import { auditCommand } from './commands/audit.ts'
import { devCommand } from './commands/dev.ts'
import { gatewayCommand } from './commands/gateway.ts'
import { policyCommand } from './commands/policy.ts'
import { sessionsCommand } from './commands/sessions.ts'
import { CommandFailed, ExitStatus } from './exit-status.ts'

const program = new Command('gatehouse')
  .description(
    'A gateway between AI coding agents and their databases: every statement read, decided, recorded; every sensitive value masked.',
  )
  .showHelpAfterError('(--help says what is possible)')
  .exitOverride()
  .addCommand(devCommand())
  .addCommand(gatewayCommand())
  .addCommand(adminCommand())
  .addCommand(approvalsCommand())
  .addCommand(sessionsCommand())
  .addCommand(policyCommand())
  .addCommand(auditCommand())

// Sub-commands inherit nothing of this by themselves.
for (const command of everyCommand(program)) command.exitOverride().showHelpAfterError('(--help says what is possible)')

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = report(error)
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.Done : ExitStatus.Usage
  if (error instanceof CommandFailed) {
    if (error.message !== '') process.stderr.write(`${error.message}\n`)
    return error.status
  }
  process.stderr.write(`gatehouse: ${error instanceof Error ? error.message : String(error)}\n`)
  return ExitStatus.No
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap((one) => everyCommand(one))]
}
