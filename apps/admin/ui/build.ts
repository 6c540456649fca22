import { createHash, randomUUID } from 'node:crypto'
import { existsSync, globSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'vite'

/** What the page is made of, beside its dependencies. */
const SOURCES = ['index.html', 'build.ts', 'package.json', 'src/**/*.{ts,tsx,css,svg}'] as const
const BUILT = resolve(import.meta.dirname, 'dist')

/**
 * The folder of the built page, built now where these sources were not built before. Several processes may ask at once: none is
 * given half a page. Rejects when it cannot be built.
 */
export async function pageFolder(): Promise<string> {
  const folder = join(BUILT, sourceHash())
  if (existsSync(join(folder, 'index.html'))) return folder
  const beside = `${folder}.${randomUUID()}`
  await buildPage(beside)
  try {
    renameSync(beside, folder)
  } catch (error) {
    // Another process was first.
    rmSync(beside, { recursive: true, force: true })
    if (!existsSync(join(folder, 'index.html'))) throw error
  }
  return folder
}

/**
 * Builds the page into a folder of static files. Nothing of it comes from another host at run time. Gives every module that is in it, as
 * absolute paths.
 */
export async function buildPage(folder: string): Promise<readonly string[]> {
  const built = await build({
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
      chunkSizeWarningLimit: 2000,
    },
  })
  if ('close' in built) throw new Error('the page is watched, not built')
  const files = [built].flat().flatMap(({ output }) => output)
  return files.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])).filter((id) => id.startsWith('/'))
}

function sourceHash(): string {
  const hash = createHash('sha256')
  for (const file of globSync(SOURCES, { cwd: import.meta.dirname }).sort()) {
    hash.update(`${file}\n`).update(readFileSync(join(import.meta.dirname, file)))
  }
  return hash.digest('hex').slice(0, 16)
}

if (import.meta.main) await pageFolder()
