/** Exit status of every command: done (or yes), the answer is no, used wrongly. */
export const ExitStatus = { Done: 0, No: 1, Usage: 2 } as const

/** Ends the command with a message for the person who called it, and a status. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
  readonly status: number

  constructor(message: string, status: number = ExitStatus.No) {
    super(message)
    this.status = status
  }
}
