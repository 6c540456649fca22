import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the built page, which is built now where it was not before. Rejects when it cannot be built. */
export async function pageFolder(): Promise<string> {
  const { buildPage, PAGE_FOLDER } = await import('@gatehouse/admin-page/build')
  return existsSync(join(PAGE_FOLDER, 'index.html')) ? PAGE_FOLDER : await buildPage()
}
