import { spawn } from 'node:child_process'

/** The most that a command may print, in bytes. */
const MAX_OUTPUT_BYTES = 64 * 1024

/** A command failed. The message holds nothing of what it printed: that may be a secret. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure'
}

/**
 * What a program prints on standard output, in bytes of the caller's own. It has no standard input and no shell. With `signal` it is
 * killed, and what it started with it. Rejects with `CommandFailure`.
 */
export function outputOf(
  [program = '', ...given]: readonly string[],
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  // A group of its own: what it starts is killed with it.
  const child = spawn(program, given, { env: environment, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  let length = 0
  let complained = 0
  let fault: string | null = null
  const kill = (why: string): void => {
    fault ??= why
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended
    }
    child.stdout.destroy()
    child.stderr.destroy()
  }
  const abort = (): void => kill('it was killed: there was no answer in time')
  child.stdout.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_OUTPUT_BYTES) kill(`it was killed: it printed more than ${MAX_OUTPUT_BYTES} bytes`)
  })
  // Counted and not kept: programs print secrets in their complaints.
  child.stderr.on('data', (chunk: Buffer) => {
    complained += chunk.length
  })
  child.on('error', (error: NodeJS.ErrnoException) => {
    fault ??= `it could not be run: ${error.code ?? error.name}`
  })
  child.on('close', (code, died) => {
    signal.removeEventListener('abort', abort)
    if (code !== 0) fault ??= `it ended with ${died === null ? `status ${code}` : died}`
    const output = Buffer.concat(chunks)
    for (const chunk of chunks) chunk.fill(0)
    if (fault === null) return resolve(output)
    output.fill(0)
    reject(new CommandFailure(`${fault} (${complained} bytes on standard error)`))
  })
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort, { once: true })
  return promise
}
