import { type Command, InvalidArgumentError } from 'commander'
import type { AccessOptions } from '../login/access.ts'

/** What every command takes that asks for a credential, or for what there are. */
export interface CredentialOptions extends AccessOptions {
  readonly target: string
  /** Logins it is good for. */
  readonly uses: number | 'many'
  readonly lifetime: number
  readonly address?: string
}

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const

/** Adds where the admin service is, and who asks. */
export function accessOptions(command: Command): Command {
  return command
    .option('--url <url>', 'the admin service (default: GATEHOUSE_ADMIN_URL, else where you are signed in)')
    .option(
      '--token-file <file>',
      'a file with your token, - for standard input (default: GATEHOUSE_TOKEN, else your sign-in)',
    )
}

/** Adds what a credential is wanted for. */
export function credentialOptions(command: Command, uses: CredentialOptions['uses'], lifetime: string): Command {
  return accessOptions(command)
    .requiredOption('--target <target>', 'the target it is for')
    .option('--uses <n>', `logins it is good for, or many (default: ${String(uses)})`, readUses, uses)
    .option(
      '--lifetime <time>',
      `such as 90s, 15m or 8h; the service may end it sooner (default: ${lifetime})`,
      readLifetime,
      readLifetime(lifetime),
    )
    .option('--address <range>', 'the address, or range (CIDR), that it may log in from')
}

// Null, which the service takes for many, would reach nobody: commander makes an empty text of it.
function readUses(value: string): CredentialOptions['uses'] {
  if (value === 'many') return value
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value)
  throw new InvalidArgumentError('a number from 1 on, or many')
}

function readLifetime(value: string): number {
  const [, digits, unit] = /^([1-9]\d{0,5})([smhd])$/.exec(value) ?? []
  const length = unit === undefined || !Object.hasOwn(SECONDS, unit) ? undefined : SECONDS[unit as keyof typeof SECONDS]
  if (digits === undefined || length === undefined) throw new InvalidArgumentError('a number with s, m, h or d: 15m')
  return Number(digits) * length
}
