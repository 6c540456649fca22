import { readFileSync } from 'node:fs'
import {
  explain,
  type Policy,
  parsePolicy,
  type Principal,
  type StatementFacts,
  textAsksInClear,
} from '@gatehouse/core'
import { readCatalogFile } from './catalog-file.ts'
import { CommandFailed, ExitStatus } from './exit-status.ts'

/** What a policy says to a text, in lines to read, and whether it denies any of it. */
export interface Explanation {
  readonly lines: readonly string[]
  readonly denied: boolean
}

/** Explains a text to a principal on a target. Rejects with `CommandFailed` when policy, catalog or text cannot be read. */
export async function explainStatement(
  policyFile: string,
  catalogFile: string,
  principal: Principal,
  target: string,
  sql: string,
): Promise<Explanation> {
  const policy = readPolicy(policyFile)
  const catalog = await readCatalogFile(catalogFile)
  const authority = policy.authorityFor(principal, target, catalog.engine)
  const statements = catalog.read(sql)
  const inClear = textAsksInClear(sql)
  const denies = (statement: StatementFacts): boolean =>
    (inClear ? authority.decideInClear(statement) : authority.decide(statement)).kind === 'deny'
  return {
    lines: explain(authority, statements, inClear),
    denied: (inClear && statements.length > 1) || statements.some(denies),
  }
}

/** The policy in a file. Throws `CommandFailed` with everything that is wrong with it. */
export function readPolicy(file: string): Policy {
  const parsed = parsePolicy(readText(file))
  if (parsed.ok) return parsed.policy
  throw new CommandFailed(
    parsed.problems
      .map(({ line, column, message, hint }) => `${file}:${line}:${column} ${message}${hint === '' ? '' : ` ${hint}`}`)
      .join('\n'),
  )
}

/** A file's text. Throws `CommandFailed`. */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new CommandFailed(
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      ExitStatus.Usage,
    )
  }
}
