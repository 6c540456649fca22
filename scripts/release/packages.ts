import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The libraries that are published: what is pure and of use to others. The rest is the command's own, and says so by `private`.
 */
export const LIBRARIES = ['postgres-wire', 'mysql-wire', 'core'] as const

interface SourceManifest {
  readonly version: string
  readonly exports: Readonly<Record<string, string>>
}

/**
 * Lays each library into a folder of its own below `folder`, as it is published: modules of JavaScript with their types in `dist`, a manifest
 * that names them, licence and README; tests and fixtures stay. Gives the folders. Throws when a library does not compile.
 */
export function layLibraries(root: string, folder: string): readonly string[] {
  rmSync(folder, { recursive: true, force: true })
  return LIBRARIES.map((name) => {
    const source = join(root, 'packages', name)
    const place = join(folder, name)
    mkdirSync(place, { recursive: true })
    compile(root, source, join(place, 'dist'))
    writeFileSync(join(place, 'package.json'), `${JSON.stringify(publishedManifest(root, source), null, 2)}\n`)
    copyFileSync(join(root, 'LICENSE'), join(place, 'LICENSE'))
    copyFileSync(join(source, 'README.md'), join(place, 'README.md'))
    return place
  })
}

function compile(root: string, source: string, dist: string): void {
  // In the checkout, so that the sources find what they import; not in the package, so that nothing of it is left there.
  mkdirSync(join(root, '.gatehouse'), { recursive: true })
  const folder = mkdtempSync(join(root, '.gatehouse', 'compile-'))
  try {
    const settings = {
      extends: join(root, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        rewriteRelativeImportExtensions: true,
        skipLibCheck: true,
        typeRoots: [join(root, 'node_modules/@types')],
        rootDir: join(source, 'src'),
        outDir: dist,
      },
      include: [join(source, 'src')],
      exclude: ['**/*.test.ts', '**/fixtures/**', '**/*-fixtures.ts', '**/testing/**'].map((pattern) =>
        join(source, 'src', pattern),
      ),
    }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(settings))
    execFileSync(join(root, 'node_modules/.bin/tsc'), ['-p', join(folder, 'tsconfig.json')], {
      stdio: ['ignore', 2, 2],
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The manifest of the checkout, with the compiled modules in place of the sources. */
function publishedManifest(root: string, source: string): object {
  const {
    private: _,
    scripts: __,
    devDependencies: ___,
    exports,
    ...rest
  } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as SourceManifest & Record<string, unknown>
  const { repository } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly repository?: object
  }
  const compiled = (file: string, ending: string): string => file.replace('./src/', './dist/').replace(/\.ts$/, ending)
  return {
    ...rest,
    ...(repository === undefined ? {} : { repository }),
    exports: Object.fromEntries(
      Object.entries(exports).map(([door, file]) => [
        door,
        { types: compiled(file, '.d.ts'), default: compiled(file, '.js') },
      ]),
    ),
    files: ['dist'],
    engines: { node: '>=24' },
    publishConfig: { access: 'public', provenance: true },
  }
}
