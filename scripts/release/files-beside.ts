import { cpSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import type { Plugin } from 'rolldown'

/** Our modules that read a folder beside themselves, with the folder. It is put beside the chunks, which lie in one folder. */
const FOLDERS: Readonly<Record<string, string>> = {
  'packages/audit-trail/src/postgres/migrate.ts': 'migrations',
  'apps/admin/ui/built-page.ts': 'page',
}
/** Made by somebody else than this plugin. */
const MADE_ELSEWHERE = ['page']

const MODULE_BESIDE = /new URL\(\s*'(?<file>[^']+\.ts)',\s*import\.meta\.url\s*\)/g
const FILE_OF_A_PACKAGE = /\brequire(?<resolve>\.resolve)?\('(?<file>[^'./][^']*\/[^']+\.(?:wasm|js))'\)/g

/**
 * Takes along what our modules reach by their own address: worker threads and modules they load (as chunks), a package's WebAssembly with
 * its glue, folders they read. A module that reaches something else so ends the build, for it would fail in the release only.
 */
export function filesBeside(root: string, folder: string): Plugin {
  return {
    name: 'files-beside',
    transform(code, id) {
      const name = relative(root, id)
      if (!id.startsWith('/') || name.startsWith('..') || name.includes('node_modules')) return null
      const require = createRequire(id)
      const changed = code
        .replaceAll(MODULE_BESIDE, (_, file: string) => {
          const reference = this.emitFile({ type: 'chunk', id: join(dirname(id), file) })
          return `new URL(import.meta.ROLLUP_FILE_URL_${reference})`
        })
        .replaceAll(FILE_OF_A_PACKAGE, (_, resolve: string | undefined, file: string) => {
          // CommonJS in a folder of ES modules has to say so by its name.
          const fileName = basename(file).replace(/\.js$/, '.cjs')
          this.emitFile({ type: 'asset', fileName, source: readFileSync(require.resolve(file)) })
          const path = `import.meta.dirname + '/${fileName}'`
          return resolve === undefined ? `require(${path})` : `(${path})`
        })
      const beside = FOLDERS[name]
      if (beside !== undefined && !MADE_ELSEWHERE.includes(beside))
        cpSync(join(dirname(id), beside), join(folder, beside), { recursive: true })
      const left = changed.replaceAll(/import\.meta\.(ROLLUP_FILE_URL_\w+|dirname \+ '\/)/g, '')
      if (
        beside === undefined &&
        /import\.meta\.(?:url|dirname|filename)/.test(left.replace('createRequire(import.meta.url)', ''))
      )
        throw new Error(`${name} reaches files by its own address; scripts/release/files-beside.ts must know which`)
      return changed === code ? null : { code: changed }
    },
  }
}
