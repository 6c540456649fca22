import { resolve } from 'node:path'
import { build } from 'vite'

/** Where the built page is unless it is told otherwise; not in the repository. */
export const PAGE_FOLDER: string = resolve(import.meta.dirname, 'dist')

/** Builds the page into a folder of static files and gives that folder. Nothing of it comes from another host at run time. */
export async function buildPage(folder: string = PAGE_FOLDER): Promise<string> {
  await build({
    configFile: false,
    root: import.meta.dirname,
    base: './',
    logLevel: 'warn',
    build: {
      outDir: folder,
      emptyOutDir: true,
      // Data in URLs would need more than 'self' in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      target: 'es2023',
    },
  })
  return folder
}

if (import.meta.main) await buildPage()
