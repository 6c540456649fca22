import type { Had } from '../../servers/found.ts'
import type { Cell, MysqlWay, PostgresWay } from './login-ways.ts'

/**
 * A program that logs in. It reads attempts on standard input, a line each: way, target, user, secret, with a tab between them;
 * `GATEHOUSE_HOST`, `GATEHOUSE_PORT` and `GATEHOUSE_CA` say where and whom to trust, `GATEHOUSE_CERT` and `GATEHOUSE_KEY` what certificate to show (way `certificate`). Of each it writes a line: way, target, `in` or
 * `out`, the value of `people.ssn` that it was shown, the code and the text of the error that answered `drop table people` (`out`: of the one that answered the login).
 */
export interface LoginProgram {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Where a connection stands: a file of `programs/`, and the part of it that docs/drivers.md shows; null: it has one. */
export interface Source {
  readonly file: string
  readonly part: string | null
}

/** A row of the matrix. */
export interface Driver<Way extends string> {
  readonly name: string
  /** Absent: why the driver cannot be had on this machine, and its row is skipped. */
  readonly find: () => Promise<Had<LoginProgram>>
  readonly source: Source
  readonly ways: Readonly<Partial<Record<Way, Cell>>>
}

export type PostgresDriver = Driver<PostgresWay>
export type MysqlDriver = Driver<MysqlWay>
