#!/usr/bin/env node
import { CommanderError } from 'commander'
import { CommandFailed, ExitStatus } from './exit-status.ts'
import { commandLine } from './command-line.ts'

const program = await commandLine(process.argv[2] ?? '')

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
