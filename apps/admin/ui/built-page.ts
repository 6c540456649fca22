import { join } from 'node:path'

/** The folder of the page, which was built with the release and lies beside this file's chunk. */
export function pageFolder(): Promise<string> {
  return Promise.resolve(join(import.meta.dirname, 'page'))
}
