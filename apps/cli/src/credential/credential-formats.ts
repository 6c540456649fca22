import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { connectionParts, environmentOf, uriOf } from './connection-parts.ts'
import type { Login } from './swap.ts'

/** How a credential is printed. */
export const CREDENTIAL_FORMATS = ['dsn', 'env', 'pgpass', 'my.cnf', 'json'] as const
export type CredentialFormat = (typeof CREDENTIAL_FORMATS)[number]

/** The credential in a form, with a line break at its end. Throws `CommandFailed` for a form that its engine has not. */
export function credentialText(login: Login, format: CredentialFormat): string {
  switch (format) {
    case 'dsn':
      return `${uriOf(login)}\n`
    case 'env':
      return Object.entries(environmentOf(login))
        .map(([name, value]) => `export ${name}=${shellQuoted(value)}\n`)
        .join('')
    case 'pgpass':
      return pgpassLine(login)
    case 'my.cnf':
      return optionFile(login)
    case 'json': {
      const { engine, until } = login
      const { port, ca, ...parts } = connectionParts(login)
      return `${JSON.stringify({ engine, ...parts, port: Number(port), ca: ca === '' ? null : ca, until }, null, 2)}\n`
    }
    default:
      throw format satisfies never
  }
}

/** True when clients of the engine read such a form. */
export function hasFormat(engine: Login['engine'], format: CredentialFormat): boolean {
  return format === 'pgpass' ? engine === 'postgres' : format === 'my.cnf' ? engine === 'mysql' : true
}

export function wrongFormat(format: 'pgpass' | 'my.cnf'): CommandFailed {
  const [engine, other] = format === 'pgpass' ? ['PostgreSQL', 'my.cnf'] : ['MySQL', 'pgpass']
  return new CommandFailed(`${format} is for ${engine}; for this target: ${other}, dsn, env or json.`, ExitStatus.Usage)
}

/** A line of `~/.pgpass`. */
function pgpassLine({ engine, host, port, database, user, password }: Login): string {
  if (!hasFormat(engine, 'pgpass')) throw wrongFormat('pgpass')
  const fields = [host, String(port), database, user, password.expose()]
  return `${fields.map((field) => field.replaceAll(/[\\:]/g, (found) => `\\${found}`)).join(':')}\n`
}

/** A group of `~/.my.cnf`; the database has a group of its own, for programs that know no such option stop at it. */
function optionFile({ engine, host, port, database, user, password, caFile }: Login): string {
  if (!hasFormat(engine, 'my.cnf')) throw wrongFormat('my.cnf')
  const client = [
    '[client]',
    'protocol=tcp',
    `host=${host}`,
    `port=${String(port)}`,
    `user=${user}`,
    `password="${password.expose()}"`,
    // `loose-`: MariaDB's programs know no such option, and verify by another.
    ...(caFile === null ? ['loose-ssl-mode=REQUIRED'] : [`ssl-ca="${caFile}"`, 'loose-ssl-mode=VERIFY_IDENTITY']),
    '[mysql]',
    `database=${database}`,
  ]
  return `${client.join('\n')}\n`
}

function shellQuoted(value: string): string {
  return `'${value.replaceAll("'", "'\\''")}'`
}
