import { Command } from 'commander'

/** Stands for `gatehouse dev` in the release: what it starts (a PostgreSQL, an issuer, the shop) is in the checkout alone. */
export function devCommand(): Command {
  return new Command('dev')
    .description('(in a checkout only: npm start)')
    .allowUnknownOption()
    .allowExcessArguments()
    .action((_options: unknown, command: Command) =>
      command.error(
        'gatehouse dev is not in the release: it starts servers of its own, which a checkout has. There: npm start',
      ),
    )
}
