import { Command, InvalidArgumentError } from 'commander'
import { suggestMasks } from '../suggest/suggest-masks.ts'

const DEFAULT_SAMPLE_ROWS = 200
const MAX_SAMPLE_ROWS = 2000

export function suggestCommand(): Command {
  return new Command('suggest')
    .requiredOption('--config <file>', "the gateway's configuration")
    .requiredOption('--target <target>', 'the target to read')
    .option('--output <file>', 'the file to write (default: standard output)')
    .option(
      '--sample-rows <number>',
      `look at so many rows of each table, 0 to ${MAX_SAMPLE_ROWS}; 0 goes by names and types alone`,
      readRows,
      DEFAULT_SAMPLE_ROWS,
    )
    .option('--schema <pattern>', 'only this schema, * allowed; may be given several times', collect, [])
    .description('propose masks for a target by the names, types and a sample of its columns; no value is ever printed')
    .action(
      (options: { config: string; target: string; output?: string; sampleRows: number; schema: readonly string[] }) =>
        suggestMasks({
          config: options.config,
          target: options.target,
          output: options.output ?? null,
          sampleRows: options.sampleRows,
          schemas: options.schema,
        }),
    )
}

function readRows(value: string): number {
  const rows = Number(value)
  if (!/^\d+$/.test(value) || rows > MAX_SAMPLE_ROWS)
    throw new InvalidArgumentError(`a whole number from 0 to ${MAX_SAMPLE_ROWS}`)
  return rows
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value]
}
