import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { filesBeside } from './files-beside.ts'

/** What became of the sources. */
export interface Bundle {
  /** Every module that is in it, as absolute paths. */
  readonly modules: readonly string[]
}

/** Not to be had where the bundle runs, and asked for by libraries that do without. */
const ABSENT = ['pg-native', 'pg-cloudflare', 'cloudflare:sockets']

/**
 * Puts the `gatehouse` command and all that it imports into `folder`, as ES modules for Node 24: what is loaded only when it is wanted stays
 * in files of its own. The same sources give the same bytes, wherever they lie. Throws when something of it is unknown to this build.
 */
export async function bundleCommand(root: string, folder: string): Promise<Bundle> {
  const build = await rolldown({
    cwd: root,
    input: { main: join(root, 'apps/cli/src/main.ts') },
    platform: 'node',
    external: ABSENT,
    tsconfig: false,
    plugins: [insteadOf(root), filesBeside(root, folder)],
    onLog: (level, log) => {
      if (level === 'debug' || level === 'info' || harmless(log.code, log.id)) return
      throw new Error(`the bundle: ${log.message}`)
    },
  })
  try {
    const { output } = await build.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      // A stack trace of the release names functions as the sources do.
      keepNames: true,
      comments: { legal: true, annotation: false, jsdoc: false },
    })
    const modules = output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    return { modules: modules.filter((id) => id.startsWith('/')).toSorted() }
  } finally {
    await build.close()
  }
}

/** What a library says in its own sources is its own. */
function harmless(code: string | undefined, id: string | undefined): boolean {
  return code === 'EVAL' && id?.includes('/node_modules/') === true
}

/** Two modules have another in the release: what needs the programs of a checkout is not there, the page is built already. */
function insteadOf(root: string): { readonly name: string; readonly resolveId: (source: string) => string | null } {
  const instead: ReadonlyMap<string, string> = new Map([
    ['./commands/dev.ts', join(root, 'apps/cli/src/commands/dev-elsewhere.ts')],
    ['@gatehouse/admin-page/build', join(root, 'apps/admin/ui/built-page.ts')],
  ])
  return { name: 'instead-of', resolveId: (source) => instead.get(source) ?? null }
}
