/** `deploy/terraform`, as far as it can be checked without AWS's provider: the files parse, and every name in them leads somewhere. */
import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** HashiCorp's parser; its types would bring those of browsers into every file. */
const { parse } = createRequire(import.meta.url)('@cdktf/hcl2json') as {
  readonly parse: (name: string, text: string) => Promise<Readonly<Record<string, Blocks>>>
}
const home = resolve(import.meta.dirname, '../../deploy/terraform')

type Blocks = Readonly<Record<string, unknown>>

/** All files of a module as one. */
interface Module {
  readonly text: string
  readonly variables: Blocks
  readonly locals: readonly string[]
  /** `aws_lb.this`, `data.aws_region.current` … */
  readonly objects: readonly string[]
  readonly outputs: readonly string[]
  readonly modules: Readonly<Record<string, readonly Blocks[]>>
}

async function read(folder: string): Promise<Module> {
  const files = globSync('*.tf', { cwd: join(home, folder) }).toSorted()
  const found = {
    text: '',
    variables: {} as Blocks,
    locals: [] as string[],
    objects: [] as string[],
    outputs: [] as string[],
  }
  let modules: Module['modules'] = {}
  for (const file of files) {
    const text = readFileSync(join(home, folder, file), 'utf8')
    const parsed = await parse(file, text)
    found.text += `${text}\n`
    found.variables = { ...found.variables, ...parsed['variable'] }
    for (const locals of (parsed['locals'] ?? []) as unknown as readonly Blocks[])
      found.locals.push(...Object.keys(locals))
    for (const [kind, prefix] of [
      ['resource', ''],
      ['data', 'data.'],
    ] as const)
      for (const [type, ones] of Object.entries(parsed[kind] ?? {}))
        found.objects.push(...Object.keys(ones as Blocks).map((name) => `${prefix}${type}.${name}`))
    found.outputs.push(...Object.keys(parsed['output'] ?? {}))
    modules = { ...modules, ...(parsed['module'] as Module['modules'] | undefined) }
  }
  return { ...found, modules }
}

/** Names behind a word, as expressions have them; comments and descriptions are no expressions. */
function named(text: string, pattern: RegExp): readonly string[] {
  const code = text.replaceAll(/^\s*#.*$/gm, '').replaceAll(/^\s*(?:description|error_message)\s*=.*$/gm, '')
  return [...new Set([...code.matchAll(pattern)].map((match) => match[1] ?? ''))].toSorted()
}

describe.each(['aws', 'examples/complete'])('The module %s', (folder) => {
  test('declares every variable, local value and object that it refers to, and no other variable', async () => {
    const { text, variables, locals, objects } = await read(folder)
    expect(named(text, /\bvar\.(\w+)/g)).toEqual(Object.keys(variables).toSorted())
    expect(named(text, /\blocal\.(\w+)/g)).toEqual(locals.toSorted())
    const referred = named(text, /(?<![\w."])((?:data\.)?aws_\w+\.\w+)\b/g)
    expect(referred.length).toBeGreaterThan(2)
    expect(referred.filter((name) => !objects.includes(name))).toEqual([])
  })
})

test('the example gives the module every variable without a default, and none that it has not; it asks for outputs that there are', async () => {
  const [module, example] = [await read('aws'), await read('examples/complete')]
  const given = Object.keys(example.modules['gatehouse']?.[0] ?? {}).filter((name) => name !== 'source')
  expect(given.filter((name) => !Object.hasOwn(module.variables, name))).toEqual([])
  const required = Object.entries(module.variables).filter(
    ([, blocks]) => !Object.hasOwn((blocks as readonly object[])[0] ?? {}, 'default'),
  )
  expect(required.map(([name]) => name).filter((name) => !given.includes(name))).toEqual([])
  expect(named(example.text, /\bmodule\.gatehouse\.(\w+)/g).filter((name) => !module.outputs.includes(name))).toEqual(
    [],
  )
})

test('the balancer waits as long as the gateway drains, and the task longer', async () => {
  const { text } = await read('aws')
  expect(text).toMatch(/deregistration_delay\s+= var\.drain_seconds\n/)
  expect(text).toMatch(/stopTimeout\s+= var\.drain_seconds \+ 10\n/)
  expect(text).toMatch(/proxy_protocol_v2\s+= true\n/)
})

test('Terraform would not write it in another way', ({ skip }) => {
  const { status, stdout, error } = spawnSync('terraform', ['fmt', '-check', '-recursive', home], { encoding: 'utf8' })
  if (error !== undefined) skip('no terraform on the path: it comes from neither npm nor Debian')
  expect(stdout).toBe('')
  expect(status).toBe(0)
})
