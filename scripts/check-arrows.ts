/**
 * Which way imports may go: between packages, and between the files of one package (type imports included).
 * Prints every break and exits 1; `findBreaks(root)` is the same for a test.
 */
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'

/** What each package may import of ours; the apps and the rooms that test them may import any package. */
const PACKAGES = [
  'postgres-wire',
  'mysql-wire',
  'sql-analysis',
  'core',
  'identity',
  'configuration',
  'coordination',
  'audit-trail',
  'session-replay',
  'session-credentials',
  'upstream-credentials',
  'certificates',
  'proxy-protocol',
  'monitoring',
]
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'postgres-wire': [],
  'mysql-wire': [],
  core: [],
  'sql-analysis': ['core'],
  identity: ['core'],
  configuration: ['core', 'identity', 'coordination', 'audit-trail'],
  coordination: ['core'],
  'audit-trail': ['core'],
  'session-replay': ['core', 'audit-trail', 'postgres-wire', 'mysql-wire'],
  'session-credentials': ['core', 'postgres-wire', 'mysql-wire'],
  'upstream-credentials': ['core', 'configuration'],
  certificates: ['core', 'configuration'],
  'proxy-protocol': [],
  monitoring: ['configuration'],
  gateway: PACKAGES,
  admin: [...PACKAGES, 'admin-page'],
  cli: [...PACKAGES, 'gateway', 'admin'],
  test: [...PACKAGES, 'gateway', 'admin', 'cli', 'site'],
  bench: [...PACKAGES, 'gateway', 'admin', 'cli', 'test'],
}

/** Only its types: nothing of `core` is there when the analyser runs in a worker; coordination keeps what core decides. */
const TYPES_ONLY: readonly string[] = ['sql-analysis -> core', 'coordination -> core']

/** Packages that open no socket, read no file, no clock and no environment: what they need is an argument. */
const PURE: readonly string[] = ['core', 'postgres-wire', 'mysql-wire', 'proxy-protocol', 'sql-analysis']
const IMPURE =
  /['"]node:(?:net|tls|fs|fs\/promises|http|https|dgram|child_process)['"]|\bDate\.now\b|\bnew Date\(\)|\bprocess\.env\b/g

/** Files that may do one thing that is forbidden above, each for a reason. */
const EXCEPTIONS: readonly { readonly file: string; readonly what: string; readonly reason: string }[] = [
  {
    file: 'test/servers/local-tools.ts',
    what: 'of another package by its path',
    reason: 'tests start servers with the code `gatehouse dev` starts its own with',
  },
  {
    file: 'packages/core/src/auth/loopback.ts',
    what: "'node:net'",
    reason: 'asks what an address is, and opens no socket',
  },
  {
    file: 'packages/proxy-protocol/src/address.ts',
    what: "'node:net'",
    reason: 'asks what an address is, and opens no socket',
  },
  {
    file: 'packages/sql-analysis/src/postgres/libpg-parser-instance.ts',
    what: "'node:fs'",
    reason: "reads the grammar's WebAssembly from its own package, once",
  },
]

interface Import {
  readonly specifier: string
  readonly isType: boolean
}

/** Every break in the tree below `root`, one sentence each, sorted; empty when all is well. */
export function findBreaks(root: string): readonly string[] {
  const breaks: string[] = []
  const patterns = ['packages/*/src/**/*.{ts,tsx}', 'apps/*/{src,ui}/**/*.{ts,tsx}', '{test,bench}/**/*.{ts,tsx}']
  const files = globSync(patterns, {
    cwd: root,
    exclude: (path) => /(?:^|[/\\])(?:node_modules|dist|\.gatehouse)$/.test(path),
  })
  const graph = new Map<string, readonly string[]>()
  const impure = new Map<string, () => void>()
  for (const file of files.map((path) => path.split(sep).join('/'))) {
    const source = withoutComments(readFileSync(join(root, file), 'utf8'))
    const isTest = isTestFile(file)
    const report = (what: string): void => {
      if (!EXCEPTIONS.some((known) => known.file === file && what.includes(known.what))) breaks.push(`${file}: ${what}`)
    }
    const inside: string[] = []
    for (const { specifier, isType } of importsOf(source)) {
      if (specifier.startsWith('.')) {
        const target = relative(root, resolve(root, dirname(file), specifier))
          .split(sep)
          .join('/')
        // A test anywhere may use the real servers; their room cannot be a dependency of what it tests.
        if (isTest && target.startsWith('test/servers/')) continue
        if (homeOf(target) !== homeOf(file))
          report(`imports ${target} of another package by its path; import the package`)
        else if (isIndex(target) && !isTest) report("imports its own package's index.ts; import the file that has it")
        if (existsSync(join(root, target))) inside.push(target)
        continue
      }
      const [, name, path] = /^@gatehouse\/([^/]+)(\/.*)?$/.exec(specifier) ?? []
      if (name === undefined) continue
      const own = nameOf(file)
      if (path?.startsWith('/src')) report(`reaches into ${specifier}; import what the package exports`)
      if (name === own) report(`imports its own package by name (${specifier})`)
      else if (!(ALLOWED[own] ?? []).includes(name)) report(`${own} may not import ${name}`)
      else if (TYPES_ONLY.includes(`${own} -> ${name}`) && !isType && !isTest)
        report(`${own} may import only types of ${name}: write \`import type\``)
    }
    graph.set(file, inside)
    if (PURE.includes(nameOf(file)) && file.startsWith('packages/')) {
      impure.set(file, () => {
        for (const [found] of source.matchAll(IMPURE))
          report(`${found} has no place in ${nameOf(file)}; take it as an argument`)
      })
    }
  }
  for (const file of outsideTests(graph)) impure.get(file)?.()
  return [...breaks, ...cycles(graph)].sort()
}

/** `packages/core/src/gate.ts` lives in `packages/core`; `test/servers/x.ts` in `test`. */
function homeOf(file: string): string {
  return file
    .split('/')
    .slice(0, /^(?:packages|apps)\//.test(file) ? 2 : 1)
    .join('/')
}

function nameOf(file: string): string {
  return homeOf(file).split('/').at(-1) ?? ''
}

function isTestFile(file: string): boolean {
  return /\.test\.tsx?$/.test(file)
}

/** Every file but the tests and what only tests import. */
function outsideTests(graph: ReadonlyMap<string, readonly string[]>): ReadonlySet<string> {
  const imported = new Set([...graph.values()].flat())
  const reached = new Set<string>()
  const queue = [...graph.keys()].filter((file) => !isTestFile(file) && !imported.has(file))
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (reached.has(file)) continue
    reached.add(file)
    queue.push(...(graph.get(file) ?? []))
  }
  return reached
}

function isIndex(file: string): boolean {
  return file === `${homeOf(file)}/src/index.ts`
}

function withoutComments(source: string): string {
  // A string that holds `//` or `/*` stays whole; everything else of the kind goes.
  return source.replaceAll(
    /('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|\/\*[^]*?\*\/|\/\/[^\n]*/g,
    (_, text: string | undefined) => text ?? '',
  )
}

function importsOf(source: string): readonly Import[] {
  const found: Import[] = []
  for (const [, keyword, specifier] of source.matchAll(
    /^\s*((?:import|export)(?:\s+type)?)\b[^'"`;=]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  )) {
    if (specifier !== undefined) found.push({ specifier, isType: /\stype$/.test(keyword ?? '') })
  }
  for (const [, alone, dynamic] of source.matchAll(/^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm)) {
    found.push({ specifier: alone ?? dynamic ?? '', isType: false })
  }
  return found
}

/** Each cycle once, from its first file by name. */
function cycles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found = new Set<string>()
  const done = new Set<string>()
  const path: string[] = []
  const walk = (file: string): void => {
    const at = path.indexOf(file)
    if (at >= 0) {
      const ring = path.slice(at)
      const first = ring.indexOf([...ring].sort()[0] ?? '')
      const turned = [...ring.slice(first), ...ring.slice(0, first)]
      found.add(`cycle: ${[...turned, turned[0]].join(' -> ')}`)
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const next of graph.get(file) ?? []) walk(next)
    path.pop()
    done.add(file)
  }
  for (const file of [...graph.keys()].sort()) walk(file)
  return [...found]
}

if (import.meta.main) {
  const breaks = findBreaks(resolve(import.meta.dirname, '..'))
  for (const line of breaks) console.error(line)
  if (breaks.length > 0) process.exitCode = 1
}
