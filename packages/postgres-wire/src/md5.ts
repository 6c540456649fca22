import { createHash } from 'node:crypto'

/** The password to send in answer to AuthenticationMD5Password. Manual: "Message Flow", Start-up. */
export function md5PasswordResponse(user: string, password: string | Buffer, salt: Buffer): string {
  const stored = createHash('md5').update(password).update(user).digest('hex')
  return `md5${createHash('md5').update(stored).update(salt).digest('hex')}`
}
