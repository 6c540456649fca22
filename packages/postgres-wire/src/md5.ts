import { createHash } from 'node:crypto'

/** The password to send in answer to AuthenticationMD5Password. Manual: "Message Flow", Start-up. */
export function md5PasswordResponse(user: string, password: string, salt: Buffer): string {
  const stored = md5(Buffer.from(password + user))
  return `md5${md5(Buffer.concat([Buffer.from(stored), salt]))}`
}

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex')
}
