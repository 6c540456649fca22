import { readVerifyingKeys, type VerifyingKeys } from '@gatehouse/audit-trail'
import { CommandFailed, ExitStatus } from '../exit-status.ts'
import { readText } from '../explain-statement.ts'

/** The public keys in these files. Ends the command where one holds none. */
export function readKeys(files: readonly string[]): VerifyingKeys {
  const pems = files.map(readText)
  try {
    return readVerifyingKeys(pems)
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error)
    throw new CommandFailed(`A file given by --key holds no key that can be used: ${what}.`, ExitStatus.Usage)
  }
}
