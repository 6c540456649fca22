/**
 * `npm run release:build [-- <folder>]`: the release of the `gatehouse` command, in `dist/gatehouse` or that folder, which is emptied first.
 * What is in it, and how it is tested: docs/releasing.md.
 */
import { resolve } from 'node:path'
import { buildRelease } from './release.ts'

const root = resolve(import.meta.dirname, '../..')
const folder = resolve(process.argv[2] ?? 'dist/gatehouse')
const { version, packages } = await buildRelease(root, folder)
console.log(`gatehouse ${version} in ${folder}: ${packages} packages of others are in it`)
