import { isLoopbackHost } from '@gatehouse/core'

/** True for an https address, or an http one on this machine, without a user and password in it. */
export function isSafeUrl(text: string): boolean {
  const url = URL.parse(text)
  if (url === null || url.username !== '' || url.password !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname))
}
